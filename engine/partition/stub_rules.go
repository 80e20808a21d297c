package partition

import "tideline/engine/event"

// Preferences takes what a recipient wants.
func (p *Partition) Preferences(event.Preferences) {}

// ErasePreferences forgets what a recipient wants.
func (p *Partition) ErasePreferences(recipient string) {}

// RestorePreferences loads what a recipient wants, processed before.
func (p *Partition) RestorePreferences(event.Preferences) {}

// RestoreNoPreferences takes that back.
func (p *Partition) RestoreNoPreferences(recipient string) {}

// StageChange takes one step of an application; it reports whether it was new.
func (p *Partition) StageChange(event.StageChange, *Effects) bool { return true }

// Candidates takes what one partition offers to a job of this one.
func (p *Partition) Candidates(event.CandidateList, *Effects) {}

// RestoreCandidates loads a list that was processed before.
func (p *Partition) RestoreCandidates(event.CandidateList) {}

// Propose takes a firing through the gates of its recipient.
func (p *Partition) Propose(event.Proposal, *Effects) {}

// Rules takes a record of the rulesets topic. The error is an *event.Invalid.
func (p *Partition) Rules(event.Rules, *Effects) error { return nil }
