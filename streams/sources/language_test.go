package sources

import (
	"strings"
	"testing"
	"time"
)

func TestTheLanguageOfATextIsTold(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"We are looking for an engineer to work with our team on the systems that you will own from the start.", "en"},
		{"Wir suchen für unser Team eine Werkstudentin, die mit uns die Plattform baut. Du bist bei uns richtig, wenn du gern lernst und nicht wartest.", "de"},
		{"Nous cherchons un stagiaire pour notre équipe. Vous travaillez avec nous sur les outils et les données de nos clients dans le cloud.", "fr"},
		{"Buscamos una persona para el equipo de datos. Trabajarás con los ingenieros en las herramientas que usan nuestras compañeras y por las que preguntan.", "es"},
		{"Wij zoeken een stagiair voor ons team. Je werkt met de ontwikkelaars aan het platform van onze klanten en je leert van de besten.", "nl"},
		{"हम अपनी टीम के लिए एक इंजीनियर की तलाश कर रहे हैं।", "hi"},
		{"データエンジニアを募集しています。東京で一緒に働きましょう。", "ja"},
		{"招聘数据工程师，工作地点在上海。", "zh"},
		{"Go, Kubernetes, PostgreSQL, Docker", ""},
		{"", ""},
		{"The and of", ""},
		{"the and of to in for with you der die das und den dem mit", ""},
	} {
		if got := Language("", c.text); got != c.want {
			t.Errorf("%q is %q, want %q", c.text, got, c.want)
		}
	}
	for said, want := range map[string]string{"en-us": "en", "EN_US": "en", "deu": "de", "pt-BR": "pt", "zhHant": "zh", "ast": "ast", "": "", "English (United States of America and all)": "", "x\u202e": "", "zz-1": ""} {
		if got := Language(said, ""); got != want {
			t.Errorf("%q is said: %q, want %q", said, got, want)
		}
	}
	p := Posting{ID: "1", Title: "Analyst", Text: strings.Repeat("We are the team that you will work with. ", 3)}
	if got := p.Record("x", time.Time{}).Opportunity.Language; got != "en" {
		t.Errorf("a posting is in %q", got)
	}
}
