package sources

import "strings"

// countries maps spellings of countries, in lower case, to the one we use.
// Both sides of a match go through it: what a student answered in a survey and
// the last part of a posting's "City, Country".
var countries = func() map[string]string {
	names := map[string]string{}
	for row := range strings.SplitSeq(countryRows, "\n") {
		name, others, _ := strings.Cut(row, "=")
		names[strings.ToLower(name)] = name
		for other := range strings.SplitSeq(others, ";") {
			if other != "" {
				names[other] = name
			}
		}
	}
	return names
}()

const countryRows = `Argentina=
Australia=
Austria=
Bangladesh=
Belgium=
Brazil=brasil
Bulgaria=
Canada=
Chile=
China=
Colombia=
Costa Rica=
Croatia=
Czech Republic=czechia
Denmark=
Egypt=
Estonia=
Ethiopia=
Finland=
France=
Germany=deutschland
Ghana=
Greece=
Hong Kong=hong kong (s.a.r.)
Hungary=
India=
Indonesia=
Iran=iran, islamic republic of...
Ireland=
Israel=
Italy=
Japan=
Kenya=
Luxembourg=
Malaysia=
Mexico=méxico
Morocco=
Nepal=
Netherlands=the netherlands
New Zealand=nz
Nigeria=
Norway=
Pakistan=
Peru=
Philippines=
Poland=
Portugal=
Romania=
Russia=russian federation
Rwanda=
Saudi Arabia=
Serbia=
Singapore=
Slovakia=
Slovenia=
South Africa=
South Korea=republic of korea;korea
Spain=españa
Sri Lanka=
Sweden=
Switzerland=
Taiwan=
Tanzania=united republic of tanzania
Thailand=
Tunisia=
Turkey=türkiye
Uganda=
Ukraine=
United Arab Emirates=uae
United Kingdom=uk;u.k.;united kingdom of great britain and northern ireland;great britain;england;scotland;wales
United States=us;u.s.;usa;u.s.a.;united states of america
Venezuela=venezuela, bolivarian republic of...
Vietnam=viet nam`

// The two-letter codes of a posting's "City, CODE".
const (
	states = " AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY" +
		" NC ND OH OK OR PA PR RI SC SD TN TX UT VT VA WA WV WI WY "
	provinces = " AB BC MB NB NL NS NT NU ON PE QC SK YT "
)

// regions maps states and provinces that are written out to their country.
var regions = func() map[string]string {
	names := map[string]string{"new south wales": "Australia", "d.c": "United States"}
	for country, list := range map[string]string{
		"United States": `alabama;alaska;arizona;arkansas;california;colorado;connecticut;delaware;florida;georgia;hawaii;idaho;
			illinois;indiana;iowa;kansas;kentucky;louisiana;maine;maryland;massachusetts;michigan;minnesota;mississippi;missouri;
			montana;nebraska;nevada;new hampshire;new jersey;new mexico;new york;north carolina;north dakota;ohio;oklahoma;oregon;
			pennsylvania;rhode island;south carolina;south dakota;tennessee;texas;utah;vermont;virginia;washington;west virginia;
			wisconsin;wyoming`,
		"India": `andhra pradesh;assam;bihar;chandigarh;chhattisgarh;delhi;new delhi;goa;gujarat;haryana;himachal pradesh;jharkhand;karnataka;
			kerala;madhya pradesh;maharashtra;odisha;puducherry;rajasthan;tamil nadu;telangana;uttar pradesh;uttarakhand;west bengal`,
		"Canada": "alberta;british columbia;manitoba;new brunswick;nova scotia;ontario;quebec;saskatchewan",
	} {
		for name := range strings.SplitSeq(list, ";") {
			names[strings.TrimSpace(name)] = country
		}
	}
	return names
}()

// nicknames maps short names of cities to how postings write them in full.
var nicknames = map[string]string{
	"sf": "San Francisco, CA", "nyc": "New York, NY", "new york city": "New York, NY", "new york": "New York, NY",
	"la": "Los Angeles, CA", "dc": "Washington, DC", "san francisco": "San Francisco, CA", "chicago": "Chicago, IL",
	"london": "London, UK", "toronto": "Toronto, ON, Canada", "bangalore": "Bengaluru, India", "bengaluru": "Bengaluru, India", "gurgaon": "Gurugram, India", "gurugram": "Gurugram, India",
	"pan india": "India", "all india": "India", "across india": "India",
}

// placeholders stand where a source has no place to tell.
var placeholders = map[string]bool{
	"": true, "tba": true, "tbd": true, "n/a": true, "in-office": true, "multiple locations": true, "various": true,
	"location tba": true, "to be addressed soon": true, "to be announced": true, "internships": true, "hybrid": true,
	"auditorium": true, "t.b.a": true, "onsite": true, "global": true, "multiple": true, "multiple cities": true, "flexible": true,
}
