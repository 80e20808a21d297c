package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tideline/engine/unsubscribe"
	"tideline/rulesets/templates"
	"tideline/streams/delivery/email"
)

func previewCommand() *cobra.Command {
	var template, language, format, dir string
	var digest bool
	cmd := &cobra.Command{
		Use: "preview", Short: "Write an email as a recipient would get it, with sample facts", Args: noArgs,
		Example: "  tideline preview --template job-match --language de\n" +
			"  tideline preview --template gap --digest --format html >gap.html",
		RunE: func(cmd *cobra.Command, _ []string) error {
			out, err := preview(template, language, format, dir, digest)
			if err != nil {
				return err
			}
			fmt.Fprint(cmd.OutOrStdout(), out)
			return nil
		},
	}
	cmd.Flags().StringVar(&template, "template", "", "which")
	cmd.Flags().StringVar(&language, "language", "en", "BCP 47")
	cmd.Flags().StringVar(&format, "format", "text", "text or html")
	cmd.Flags().StringVar(&dir, "texts", "", "folder with texts of your own, as rulesets.texts; default the shipped ones")
	cmd.Flags().BoolVar(&digest, "digest", false, "the form for several at once")
	return cmd
}

// preview writes one message. The addresses in it lead nowhere.
func preview(template, language, format, dir string, digest bool) (string, error) {
	texts, err := loadTexts(dir)
	if err != nil {
		return "", err
	}
	if !texts.Has(template) {
		return "", usageError{fmt.Errorf("no template is called %q; there are %s", template, strings.Join(texts.Names(), ", "))}
	}
	if !slices.Contains([]string{"text", "html"}, format) {
		return "", usageError{fmt.Errorf("--format %q is neither text nor html", format)}
	}
	sender, err := email.New(email.Config{
		Host: "localhost", Port: 25, From: "tideline@example.org",
		PublicURL: "https://tideline.example.org", Unsubscribe: unsubscribe.NewKey("preview"),
	}, func() *templates.Texts { return texts })
	if err != nil {
		return "", err
	}
	text, html, err := sender.Preview(templates.Sample(template, language, digest))
	if format == "html" {
		return html, err
	}
	return text, err
}
