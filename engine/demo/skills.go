package demo

import "strings"

// Skills are those of the campus, the most common first.
var Skills = strings.Split(`python,java,sql,javascript,html,css,c++,git,excel,c,react,machine learning,data analysis,node.js,linux,aws,typescript,docker,mongodb,communication,power bi,tableau,r,django,flask,pandas,numpy,tensorflow,pytorch,figma,android,kotlin,spring boot,rest,mysql,postgresql,firebase,go,c#,.net,azure,gcp,kubernetes,devops,cybersecurity,deep learning,computer vision,natural language processing,data structures,algorithms,statistics,matlab,autocad,arduino,embedded systems,iot,blockchain,solidity,flutter,dart,swift,ios,php,laravel,angular,vue,next.js,graphql,redis,kafka,spark,hadoop,airflow,scala,rust,ruby,ruby on rails,selenium,jenkins,terraform,ansible,bash,networking,product management,digital marketing,seo,content writing,graphic design,photoshop,illustrator,ui design,ux design,unity,unreal engine,game development,robotics,ros,verilog,vlsi,fpga,quantitative finance,accounting,financial modeling`, ",")
