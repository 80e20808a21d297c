package application

import (
	"fmt"
	"strings"

	"tideline/engine/event"
)

// Role is what an actor is to the application.
type Role string

// The roles. Ops may do all that the student or the recruiter may. A service
// tells what happened elsewhere; see Fact.
const (
	Student   Role = "student"
	Recruiter Role = "recruiter"
	Ops       Role = "ops"
	Service   Role = "service"
)

// Actor is who acts.
type Actor struct {
	ID   string `json:"id"`
	Role Role   `json:"role"`
}

// table has every transition: the rows are where an application stands, the
// columns where it goes. A cell is what the step is, and who may take it: the
// student (s), the recruiter (r); ops always; "-" nobody. An open stage to
// itself is a step between two of the job's own stages that mean the same.
const table = `
from/to              applied    shortlisted  interview_scheduled  interview_completed  offer_extended  offer_accepted  offer_rejected  rejected  withdrawn
applied              move/r     advance/r    skip/r               skip/r               skip/r          -               -               reject/r  withdraw/s
shortlisted          regress/r  move/r       advance/r            skip/r               skip/r          -               -               reject/r  withdraw/s
interview_scheduled  regress/r  regress/r    move/r               advance/r            skip/r          -               -               reject/r  withdraw/s
interview_completed  regress/r  regress/r    regress/r            move/r               advance/r       -               -               reject/r  withdraw/s
offer_extended       regress/r  regress/r    regress/r            regress/r            move/r          advance/s       advance/s       reject/r  withdraw/s
offer_accepted       reopen/r   reopen/r     reopen/r             reopen/r             reopen/r        -               -               reject/r  withdraw/s
offer_rejected       reopen/r   reopen/r     reopen/r             reopen/r             reopen/r        -               -               -         -
rejected             reopen/r   reopen/r     reopen/r             reopen/r             reopen/r        -               -               -         -
withdrawn            reopen/s   reopen/-     reopen/-             reopen/-             reopen/-        -               -               -         -
`

// transition is one cell. Without a kind there is none.
type transition struct {
	kind event.ChangeKind // "move" until the steps say which way
	who  Role             // beside ops; empty: ops alone
}

const within event.ChangeKind = "move"

var transitions = parse(table)

func parse(text string) map[[2]event.Stage]transition {
	parsed := map[[2]event.Stage]transition{}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	columns := strings.Fields(lines[0])
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		if len(cells) != len(columns) {
			panic(fmt.Sprintf("the row %q of the transitions has %d cells of %d", cells[0], len(cells), len(columns)))
		}
		for i, cell := range cells[1:] {
			kind, who, ok := strings.Cut(cell, "/")
			if ok {
				role := map[string]Role{"s": Student, "r": Recruiter}[who]
				parsed[[2]event.Stage{event.Stage(cells[0]), event.Stage(columns[i+1])}] = transition{event.ChangeKind(kind), role}
			}
		}
	}
	return parsed
}

// may says whether a role may take this transition.
func (t transition) may(r Role) bool { return r == Ops || t.who != "" && r == t.who }

// Targets gives the stages that an actor of this role may move an application to from here.
func Targets(from event.Stage, r Role) []event.Stage {
	var to []event.Stage
	for _, s := range event.Stages {
		if t, ok := transitions[[2]event.Stage{from, s}]; ok && t.kind != within && t.may(r) {
			to = append(to, s)
		}
	}
	return to
}
