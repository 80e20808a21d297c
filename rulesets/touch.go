package rulesets

import "slices"

// touchNames are the kinds of `on` as rules write them, in the order of their bits.
var touchNames = []string{"opportunities", "profiles", "signals", "stage-changes", "evaluations", "messages"}

// touches says what may make rules of a scope fire.
var touches = map[Scope]Touch{
	PairScope:        OnOpportunities | OnProfiles | OnSignals,
	ApplicationScope: OnStageChanges | OnEvaluations | OnMessages,
	ItemScope:        OnProfiles,
	StudentScope:     OnProfiles,
}

// String names the scope.
func (s Scope) String() string {
	return [...]string{"pair", "application", "item", "student"}[s]
}

// Names gives the kinds of the set as rules write them.
func (t Touch) Names() (names []string) {
	for i, name := range touchNames {
		if t&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func touchOf(name string) Touch {
	if i := slices.Index(touchNames, name); i >= 0 {
		return 1 << i
	}
	return 0
}

// String gives "true", "false" or "unknown".
func (t Truth) String() string {
	return [...]string{"unknown", "false", "true"}[t]
}
