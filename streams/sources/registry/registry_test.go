package registry

import (
	"slices"
	"testing"
)

func TestFormatsAreNamedAsTheyNameThemselves(t *testing.T) {
	for name, create := range Formats() {
		if got := create().Name(); got != name {
			t.Errorf("%q calls itself %q", name, got)
		}
		if create() == create() {
			t.Errorf("%q shares its memory", name)
		}
	}
	if want := []string{"devpost", "greenhouse", "hackernews", "internships", "students"}; !slices.Equal(Names(), want) {
		t.Errorf("names %v", Names())
	}
}
