package skills

import (
	"fmt"
	"strings"
)

// trie finds the longest spelling that starts at a token. Tokens are interned,
// so a step is one look-up by (node, word).
type trie struct {
	words    map[string]int32
	steps    map[step]int32
	meanings map[int32]meaning // by the node a spelling ends in
	nodes    int32
	skills   []string
}

type step struct{ node, word int32 }

// meaning is what a spelling stands for and when.
type meaning struct {
	skill int // position in the table, or trapped
	how   how
}

func newTrie() trie {
	return trie{words: map[string]int32{}, steps: map[step]int32{}, meanings: map[int32]meaning{}}
}

// add enters one spelling. Spellings that read the same token by token, such as
// "front end" and "front-end", must mean the same.
func (t *trie) add(spelling string, m meaning) error {
	tokens := tokenize(nil, spelling)
	for len(tokens) > 0 && !tokens[len(tokens)-1].isWord() {
		tokens = tokens[:len(tokens)-1] // the last full stop of "a.i."
	}
	if len(tokens) == 0 {
		return fmt.Errorf("spelling %q has no word in it", spelling)
	}
	node := int32(0)
	for _, token := range tokens {
		word, ok := t.words[token.text]
		if !ok {
			word = int32(len(t.words))
			t.words[token.text] = word
		}
		next, ok := t.steps[step{node, word}]
		if !ok {
			t.nodes++
			next = t.nodes
			t.steps[step{node, word}] = next
		}
		node = next
	}
	if other, ok := t.meanings[node]; ok && other != m {
		return fmt.Errorf("spelling %q reads like another that means something else or has another flag", spelling)
	}
	t.meanings[node] = m
	return nil
}

// longest gives the meaning of the longest spelling that starts at tokens[from]
// and the position after it.
func (t *trie) longest(tokens []token, from int) (m meaning, end int, found bool) {
	node := int32(0)
	for i := from; i < len(tokens); i++ {
		next, ok := t.step(node, tokens[i].text)
		if !ok {
			break
		}
		node = next
		if here, ok := t.meanings[node]; ok {
			m, end, found = here, i+1, true
		}
	}
	return m, end, found
}

// step goes on by one word. The plural of a role goes where its singular does:
// the table need not hold "data engineers".
func (t *trie) step(node int32, text string) (next int32, ok bool) {
	if word, known := t.words[text]; known {
		if next, ok = t.steps[step{node, word}]; ok {
			return next, true
		}
	}
	singular, plural := strings.CutSuffix(text, "s")
	if !plural || !plurals[singular] {
		return 0, false
	}
	next, ok = t.steps[step{node, t.words[singular]}]
	return next, ok
}
