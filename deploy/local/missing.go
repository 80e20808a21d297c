package local

import "errors"

// ErrNotEmbedded says that a server is needed and none is built in. It is the
// configuration that must say where it is.
var ErrNotEmbedded = errors.New("this build has no embedded servers")
