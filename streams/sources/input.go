package sources

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"

	"tideline/engine/event"
)

// maxLine bounds one line, and so the memory of a reading.
const maxLine = 1 << 20 // bytes

// Open gives the plain bytes of a recording: gzip is told by its first two
// bytes, whatever the file is called.
func Open(r io.Reader) (*bufio.Reader, error) {
	plain := bufio.NewReaderSize(r, 64<<10)
	head, err := plain.Peek(2)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read the start of the recording: %w", err)
	}
	if len(head) < 2 || head[0] != 0x1f || head[1] != 0x8b {
		return plain, nil
	}
	unpacked, err := gzip.NewReader(plain)
	if err != nil {
		return nil, fmt.Errorf("open gzip: %w", err)
	}
	return bufio.NewReaderSize(unpacked, 64<<10), nil
}

// ReadLines calls each for every line of a recording that is not blank, with
// its place as "name:number". The line is valid during the call only. Lines
// longer than 1 MiB are passed over and counted in the sink. The error is that
// of r, of each, or of ctx.
func ReadLines(ctx context.Context, r io.Reader, name string, sink *Sink, each func(where string, line []byte) error) error {
	input, err := Open(r)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var line []byte
	for number := 1; ; number++ {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("%s:%d: %w", name, number, err)
		}
		var long bool
		line, long, err = readLine(input, line[:0])
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s:%d: %w", name, number, err)
		}
		where := fmt.Sprintf("%s:%d", name, number)
		switch {
		case long:
			sink.Reject(where, Invalid("", LineTooLong, "is longer than %d bytes", maxLine))
		case len(line) > 0:
			if err := each(where, line); err != nil {
				return err
			}
		}
		if err != nil {
			return nil
		}
	}
}

// readLine appends one line to buf, without its end and outer blanks. A line
// over the limit is read to its end and dropped.
func readLine(input *bufio.Reader, buf []byte) (line []byte, long bool, err error) {
	for {
		part, err := input.ReadSlice('\n')
		if !long {
			buf = append(buf, part...)
		}
		if len(buf) > maxLine {
			buf, long = buf[:0], true
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return trim(buf), long, err
		}
	}
}

func trim(line []byte) []byte {
	for len(line) > 0 && line[len(line)-1] <= ' ' {
		line = line[:len(line)-1]
	}
	for len(line) > 0 && line[0] <= ' ' {
		line = line[1:]
	}
	return line
}

// maxDocument bounds a recording that is read as one JSON value.
const maxDocument = 64 << 20 // bytes

// ReadDocument reads a recording that is one JSON value, at most 64 MiB.
func ReadDocument(ctx context.Context, r io.Reader, name string) ([]byte, error) {
	input, err := Open(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	data, err := io.ReadAll(io.LimitReader(input, maxDocument+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(data) > maxDocument:
		return nil, fmt.Errorf("%s: %w", name, Invalid("", event.TooLong, "is over %d bytes; split the recording", maxDocument))
	}
	return data, ctx.Err()
}
