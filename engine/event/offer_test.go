package event

import (
	"fmt"
	"testing"
)

func TestAnOfferIsCheckedWithoutAnAmountToo(t *testing.T) {
	for _, c := range []struct{ offer, want string }{
		{`{}`, "<nil>"},
		{`{"amount":1,"currency":"EUR","period":"once"}`, "<nil>"},
		{`{"currency":"euros"}`, `invalid feedback: offer.currency: is "euros"; must be an ISO 4217 code, such as EUR (unknown_value)`},
		{`{"period":"aeon"}`, `invalid feedback: offer.period: is "aeon"; must be one of [hour day week month year once] (unknown_value)`},
		{`{"amount":1}`, `invalid feedback: offer.period: must be one of [hour day week month year once] (missing); offer.currency: is ""; must be an ISO 4217 code, such as EUR (unknown_value)`},
	} {
		if _, err := DecodeFeedback([]byte(`{"kind":"offer","offer":` + c.offer + `}`)); fmt.Sprint(err) != c.want {
			t.Errorf("%s: got  %v\nwant %s", c.offer, err, c.want)
		}
	}
}
