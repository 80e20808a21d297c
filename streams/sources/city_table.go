package sources

import "strings"

// cities maps large cities, in lower case, to their country: postings often name
// no more than the city. Those whose name stands for several places are not here.
var cities = func() map[string]string {
	names := map[string]string{}
	for country, list := range map[string]string{
		"India": `ahmedabad;bangalore;bengaluru;bhopal;bhubaneswar;chandigarh;chennai;coimbatore;delhi;faridabad;gandhinagar;ghaziabad;greater noida;
			gurgaon;gurugram;guwahati;hyderabad;indore;jaipur;kanpur;kochi;kolkata;kozhikode;lucknow;ludhiana;mangalore;mohali;mumbai;mysore;mysuru;nagpur;
			nashik;navi mumbai;new delhi;noida;patna;pune;raipur;ranchi;surat;thane;thiruvananthapuram;trivandrum;udaipur;vadodara;varanasi;vijayawada;visakhapatnam`,
		"Germany":        "berlin;bonn;cologne;düsseldorf;dresden;essen;frankfurt;hamburg;hannover;karlsruhe;köln;leipzig;munich;münchen;nuremberg;stuttgart",
		"Canada":         "calgary;edmonton;montreal;montréal;ottawa;toronto;vancouver;winnipeg;waterloo",
		"United Kingdom": "edinburgh;glasgow;leeds;liverpool;london",
		"United States":  "atlanta;austin;boston;chicago;dallas;denver;houston;los angeles;new york;new york city;philadelphia;san diego;san francisco;san jose;seattle",
		"France":         "lyon;marseille;paris;toulouse",
		"Netherlands":    "amsterdam;rotterdam;utrecht;eindhoven",
		"Spain":          "barcelona;madrid",
		"Italy":          "milan;rome;turin",
		"Poland":         "gdansk;krakow;kraków;warsaw;wroclaw",
		"Switzerland":    "basel;geneva;zurich;zürich",
		"Australia":      "brisbane;melbourne;sydney",
		"Israel":         "haifa;jerusalem;tel aviv",
		"Japan":          "kyoto;osaka;tokyo",
		"China":          "beijing;shanghai;shenzhen",
		"Brazil":         "são paulo;sao paulo;rio de janeiro",
		"Pakistan":       "islamabad;karachi;lahore",
		"Austria":        "vienna;wien", "Belgium": "brussels", "Czech Republic": "prague;brno", "Denmark": "copenhagen", "Finland": "helsinki",
		"Hungary": "budapest", "Indonesia": "jakarta", "Ireland": "dublin", "Kenya": "nairobi", "Malaysia": "kuala lumpur", "Mexico": "mexico city",
		"Nigeria": "lagos", "Norway": "oslo", "Philippines": "manila", "Portugal": "lisbon;porto", "Romania": "bucharest", "Serbia": "belgrade",
		"South Korea": "seoul", "Sweden": "stockholm;gothenburg", "Taiwan": "taipei", "Thailand": "bangkok", "Turkey": "istanbul;ankara",
		"Ukraine": "kyiv", "United Arab Emirates": "dubai;abu dhabi", "Vietnam": "hanoi;ho chi minh city", "Bangladesh": "dhaka", "Sri Lanka": "colombo",
		"Nepal": "kathmandu", "Singapore": "singapore", "Hong Kong": "hong kong", "Colombia": "bogota;bogotá;medellín", "Argentina": "buenos aires", "Egypt": "cairo", "South Africa": "cape town;johannesburg",
	} {
		for name := range strings.SplitSeq(list, ";") {
			names[strings.TrimSpace(name)] = country
		}
	}
	return names
}()
