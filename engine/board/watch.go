package board

// Move is a step, or another date of an interview or an offer, as a board shows
// it: the row before (nil: it is new) and after.
type Move struct{ Before, After *Row }

// Watch receives the moves of one job from now on.
type Watch struct {
	board *Board
	job   string
	moves chan Move
}

// buffered is how many moves wait for a slow watcher before it loses some.
const buffered = 256

// Watch begins to follow a job. Whoever watches first and reads the board then
// misses nothing.
func (b *Board) Watch(job string) *Watch {
	w := &Watch{board: b, job: job, moves: make(chan Move, buffered)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watchers[job] == nil {
		b.watchers[job] = map[*Watch]struct{}{}
	}
	b.watchers[job][w] = struct{}{}
	return w
}

// Moves gives the moves in their order. It is closed when the watcher was too
// slow: then the board must be read again.
func (w *Watch) Moves() <-chan Move { return w.moves }

// Close ends it. It may be called twice.
func (w *Watch) Close() {
	w.board.mu.Lock()
	defer w.board.mu.Unlock()
	w.board.drop(w)
}

func (b *Board) drop(w *Watch) {
	if _, on := b.watchers[w.job][w]; !on {
		return
	}
	delete(b.watchers[w.job], w)
	if len(b.watchers[w.job]) == 0 {
		delete(b.watchers, w.job)
	}
	close(w.moves)
}

// tell hands a move to who watches its job; it never waits.
func (b *Board) tell(m Move) {
	for w := range b.watchers[m.After.Opportunity] {
		select {
		case w.moves <- m:
		default:
			b.drop(w)
		}
	}
}
