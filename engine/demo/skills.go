package demo

import "strings"

// Skills are those of the campus, the most common first.
var Skills = strings.Split(`python,java,sql,javascript,html,css,c++,git,excel,c,react,machine learning,data analysis,node.js,linux,aws,typescript,docker,mongodb,communication,power bi,tableau,r,django,flask,pandas,numpy,tensorflow,pytorch,figma,android,kotlin,spring,rest apis,mysql,postgresql,firebase,go,c#,.net,azure,google cloud,kubernetes,devops,cybersecurity,deep learning,computer vision,natural language processing,data structures,algorithms,statistics,matlab,autocad,arduino,embedded systems,internet of things,blockchain,solidity,flutter,dart,swift,ios,php,laravel,angular,vue.js,next.js,graphql,redis,apache kafka,apache spark,hadoop,apache airflow,scala,rust,ruby,ruby on rails,selenium,jenkins,terraform,ansible,bash,networking,product management,digital marketing,search engine optimization,content marketing,graphic design,photoshop,illustrator,user interface design,user experience design,unity,unreal engine,game development,robotics,ros,verilog,digital design,fpga,quantitative finance,accounting,financial modeling`, ",")
