package command

import (
	"errors"
	"strings"
	"testing"
)

func TestPreviewWritesWhatARecipientGets(t *testing.T) {
	for _, c := range []struct {
		template, language, format string
		digest                     bool
		want                       string
	}{
		{"job-match", "en", "text", false, "Backend Intern at Nordia matches 82% of your skills\n"},
		{"job-match", "de-AT", "text", true, "5 neue Jobs passen zu deinen Skills\n"},
		{"gap", "fr", "html", false, "<h1"},
	} {
		out, err := preview(c.template, c.language, c.format, "", c.digest)
		if err != nil || !strings.Contains(out, c.want) {
			t.Errorf("%+v: %v\n%s", c, err, out)
		}
	}
}

func TestPreviewSaysWhatItCannotDo(t *testing.T) {
	for _, c := range []struct{ template, format, dir, want string }{
		{"nothing", "text", "", "there are application-moved"},
		{"gap", "pdf", "", "neither text nor html"},
	} {
		_, err := preview(c.template, "en", c.format, c.dir, false)
		if _, ok := errors.AsType[usageError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestDeliverNeedsSomewhereToDeliverTo(t *testing.T) {
	cmd := New()
	cmd.SetArgs([]string{"deliver", "--data_dir=" + t.TempDir()})
	if err := cmd.ExecuteContext(t.Context()); ExitCode(err) != exitConfig || !errors.Is(err, errNothingToDeliver) {
		t.Errorf("got %v", err)
	}
}
