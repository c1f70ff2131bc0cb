//! Taking over what Terraform has made: what its state says, against what is in AWS.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use fathuss_aws::{Aws, Config};
use fathuss_engine::Clock;
use fathuss_model::aws::{Eip, InternetGateway, Route, RouteTable, RouteTableAssociation, SecurityGroup, Subnet, Vpc};
use fathuss_model::random::RandomId;
use fathuss_model::{Ipv4Net, Result, Stack, Subnets};
use serde_json::{Value, json};

use crate::demo::ACCOUNT;
use crate::project::{Project, Ran, assert_shown, flat};
use crate::server::Server;

/// What Terraform knows and nobody is to read.
const SECRET: &str = "hush-hush-hush";

/// A network as its owner declares it here: by names and keys of their own.
fn network(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", ACCOUNT);
    let range: Ipv4Net = "10.0.0.0/16".parse()?;
    let vpc = stack.add("main", Vpc::new(range).tag("Name", "net"));
    let internet = stack.add("main", InternetGateway::new(&vpc));
    let public = stack.add("public", RouteTable::new(&vpc).tag("Name", "public"));
    stack.add("private", RouteTable::new(&vpc).tag("Name", "private"));
    stack.add("internet", Route::to_internet(&public, &internet));
    for (zone, position) in [("us-east-1a", 0), ("us-east-1b", 1)] {
        let subnet = Subnet::new(&vpc, range.subnet(24, position)?).availability_zone(zone);
        let subnet = stack.add(("public", zone), subnet);
        stack.add(("public", zone), RouteTableAssociation::new(&subnet, &public));
    }
    stack.add("web", SecurityGroup::new(&vpc, "What serves").name("web"));
    stack.add("out", Eip::new().tag("Name", "out"));
    let suffix = stack.add("suffix", RandomId::new(4));
    stack.output("suffix", suffix.hex());
    Ok(())
}

/// The network without its address.
fn smaller(stack: &mut Stack) -> Result<()> {
    stack.place("us-east-1", ACCOUNT);
    stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?).tag("Name", "net"));
    Ok(())
}

/// The same elsewhere.
fn in_ireland(stack: &mut Stack) -> Result<()> {
    stack.place("eu-west-1", ACCOUNT);
    stack.add("main", Vpc::new("10.0.0.0/16".parse::<Ipv4Net>()?));
    Ok(())
}

struct Wall;

#[async_trait(?Send)]
impl Clock for Wall {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A network that others have made, and Terraform's state of it.
struct Theirs {
    project: Project,
    server: Server,
    state: Value,
}

impl Theirs {
    /// Makes it by AWS's own calls, as another tool does, and declares this stack.
    fn declared(stack: fn(&mut Stack) -> Result<()>) -> Self {
        let project = Project::of(stack);
        let server = Server::start(&project, 1000);
        let credentials = Credentials::from_keys("test", "test", None);
        let url = format!("http://{}", server.address);
        let aws = Aws::new(Config::new(credentials, Rc::new(Wall)).endpoint(&url));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it starts");
        let state = runtime.block_on(made(&aws));
        let theirs = Self { project, server, state };
        theirs.write(&theirs.state);
        theirs
    }

    fn write(&self, state: &Value) {
        self.project.write("terraform.tfstate", &state.to_string());
    }

    fn run(&self, words: &str) -> Ran {
        let ran = self.project.end(words, self.server.seen_by(self.project.command(words), "test"));
        assert!(!ran.to_string().contains(SECRET), "{ran}");
        ran
    }

    fn addresses(&self) -> String {
        self.run("state list demo").ended(0).stdout
    }

    /// How many calls have changed anything.
    fn changes(&self) -> u64 {
        let all = self.server.get("calls");
        let counts = all.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        let counts: Value = serde_json::from_str(counts).expect("it is JSON");
        let mut changes = 0;
        for (operation, count) in counts.as_object().expect("it is a map") {
            let reads = ["Describe", "Get", "List"].iter().any(|verb| operation.contains(&format!(".{verb}")));
            changes += if reads { 0 } else { count.as_u64().unwrap_or_default() };
        }
        changes
    }
}

/// Makes the network; gives what Terraform would keep of it.
async fn made(aws: &Aws) -> Value {
    let client = aws.client("us-east-1");
    let ec2 = &client.ec2;
    let name = |kind: &str, name: &str| {
        use aws_sdk_ec2::types::{Tag, TagSpecification};
        let tag = Tag::builder().key("Name").value(name).build();
        TagSpecification::builder().resource_type(kind.into()).tags(tag).build()
    };
    let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").tag_specifications(name("vpc", "net")).send().await;
    let vpc = vpc.expect("it is made").vpc.and_then(|it| it.vpc_id).expect("it has an id");
    let mut subnets = Vec::new();
    for (zone, range) in [("us-east-1a", "10.0.0.0/24"), ("us-east-1b", "10.0.1.0/24")] {
        let subnet = ec2.create_subnet().vpc_id(&vpc).cidr_block(range).availability_zone(zone).send().await;
        subnets.push(subnet.expect("it is made").subnet.and_then(|it| it.subnet_id).expect("it has an id"));
    }
    let gateway = ec2.create_internet_gateway().send().await.expect("it is made");
    let gateway = gateway.internet_gateway.and_then(|it| it.internet_gateway_id).expect("it has an id");
    let attached = ec2.attach_internet_gateway().vpc_id(&vpc).internet_gateway_id(&gateway).send().await;
    attached.expect("it is attached");
    let mut tables = Vec::new();
    for (table, tags) in [("public", "public"), ("private", "private")] {
        let made = ec2.create_route_table().vpc_id(&vpc).tag_specifications(name("route-table", tags)).send().await;
        let id = made.expect("it is made").route_table.and_then(|it| it.route_table_id).expect("it has an id");
        tables.push((table, id));
    }
    let public = &tables[0].1;
    let route = ec2.create_route().route_table_id(public).destination_cidr_block("0.0.0.0/0").gateway_id(&gateway);
    route.send().await.expect("it is made");
    for subnet in &subnets {
        ec2.associate_route_table().route_table_id(public).subnet_id(subnet).send().await.expect("it is made");
    }
    let group = ec2.create_security_group().vpc_id(&vpc).group_name("web").description("What serves").send().await;
    let group = group.expect("it is made").group_id.expect("it has an id");
    // Terraform takes the rule off that AWS gives every group.
    let all = aws_sdk_ec2::types::IpPermission::builder()
        .ip_protocol("-1")
        .ip_ranges(aws_sdk_ec2::types::IpRange::builder().cidr_ip("0.0.0.0/0").build())
        .build();
    ec2.revoke_security_group_egress().group_id(&group).ip_permissions(all).send().await.expect("it is taken off");
    let address = ec2
        .allocate_address()
        .domain(aws_sdk_ec2::types::DomainType::Vpc)
        .tag_specifications(name("elastic-ip", "out"))
        .send()
        .await;
    let address = address.expect("it is made").allocation_id.expect("it has an id");
    let arn = |what: &str| format!("arn:aws:ec2:us-east-1:{ACCOUNT}:{what}");
    let net = Some("module.net[\"eu\"]");
    state(&[
        json!({
            "mode": "data", "type": "aws_caller_identity", "name": "me", "provider": AWS,
            "instances": [{ "schema_version": 0, "attributes": { "account_id": ACCOUNT }, "sensitive_attributes": [] }],
        }),
        one(
            net,
            "aws_vpc",
            "this",
            json!({
                "id": vpc, "arn": arn(&format!("vpc/{vpc}")), "cidr_block": "10.0.0.0/16", "owner_id": ACCOUNT,
                "enable_dns_support": true, "enable_dns_hostnames": false, "instance_tenancy": "default",
                "tags": { "Name": "net" }, "tags_all": { "Name": "net" },
            }),
        ),
        block(
            net,
            "aws_subnet",
            "public",
            &[
                instance(
                    json!(0),
                    json!({
                        "id": subnets[0], "arn": arn(&format!("subnet/{}", subnets[0])), "cidr_block": "10.0.0.0/24", "vpc_id": vpc,
                        "availability_zone": "us-east-1a", "tags": null, "tags_all": {},
                    }),
                ),
                instance(
                    json!(1),
                    json!({
                        "id": subnets[1], "arn": arn(&format!("subnet/{}", subnets[1])), "cidr_block": "10.0.1.0/24", "vpc_id": vpc,
                        "availability_zone": "us-east-1b", "tags": null, "tags_all": {},
                    }),
                ),
            ],
        ),
        one(net, "aws_internet_gateway", "this", json!({ "id": gateway, "vpc_id": vpc, "tags": null })),
        one(net, "aws_route_table", "a", json!({ "id": tables[0].1, "vpc_id": vpc, "tags": { "Name": "public" } })),
        one(net, "aws_route_table", "b", json!({ "id": tables[1].1, "vpc_id": vpc, "tags": { "Name": "private" } })),
        one(
            net,
            "aws_route",
            "out",
            json!({
                "id": "r-rtb-01234567891080289494", "route_table_id": public, "destination_cidr_block": "0.0.0.0/0",
                "gateway_id": gateway,
            }),
        ),
        block(
            net,
            "aws_route_table_association",
            "public",
            &[
                instance(
                    json!(0),
                    json!({
                        "id": "rtbassoc-0a1b2c3d4e5f67890", "subnet_id": subnets[0], "route_table_id": public, "gateway_id": "",
                    }),
                ),
                instance(
                    json!(1),
                    json!({
                        "id": "rtbassoc-0a1b2c3d4e5f67891", "subnet_id": subnets[1], "route_table_id": public, "gateway_id": "",
                    }),
                ),
            ],
        ),
        one(
            None,
            "aws_security_group",
            "web",
            json!({
                "id": group, "name": "web", "description": "What serves", "vpc_id": vpc, "ingress": [], "egress": [],
            }),
        ),
        one(None, "aws_eip", "nat", json!({ "id": address, "tags": { "Name": "out" } })),
        one(
            None,
            "random_id",
            "suffix",
            json!({
                "id": "AAECAw", "b64_url": "AAECAw", "b64_std": "AAECAw==", "hex": "00010203", "dec": "66051", "byte_length": 4,
                "keepers": null, "prefix": null,
            }),
        ),
    ])
}

const AWS: &str = "provider[\"registry.terraform.test/hashicorp/aws\"]";

fn state(resources: &[Value]) -> Value {
    json!({
        "version": 4, "terraform_version": "1.9.5", "serial": 12, "lineage": "2a1c4e7b-96c1-3f0e-8a6c-0f6d5a3b2c1d",
        "outputs": { "password": { "value": SECRET, "type": "string", "sensitive": true } },
        "resources": resources, "check_results": null,
    })
}

fn block(module: Option<&str>, kind: &str, name: &str, instances: &[Value]) -> Value {
    let mut block = json!({ "mode": "managed", "type": kind, "name": name, "provider": AWS, "instances": instances });
    if let Some(module) = module {
        block["module"] = module.into();
    }
    block
}

fn one(module: Option<&str>, kind: &str, name: &str, attributes: Value) -> Value {
    block(module, kind, name, &[instance(Value::Null, attributes)])
}

fn instance(key: Value, attributes: Value) -> Value {
    let mut instance = json!({
        "schema_version": 1, "attributes": attributes, "sensitive_attributes": [], "private": "bnVsbA==",
        "dependencies": ["module.net.aws_vpc.this"],
    });
    if !key.is_null() {
        instance["index_key"] = key;
    }
    instance
}

/// Types that there are none of here: one that holds a secret, one with an id that is one, and one of AWS's.
fn unknown() -> [Value; 3] {
    [
        one(None, "random_password", "db", json!({ "id": "none", "result": SECRET, "length": 20 })),
        one(None, "random_string", "token", json!({ "id": SECRET, "result": SECRET })),
        one(
            None,
            "aws_lb",
            "front",
            json!({ "id": "lb", "arn": format!("arn:aws:elasticloadbalancing:us-east-1:{ACCOUNT}:lb") }),
        ),
    ]
}

#[test]
fn what_terraform_made_is_taken_over_as_it_is_and_the_next_plan_is_quiet() {
    let theirs = Theirs::declared(network);
    let before = theirs.changes();
    let shown = theirs.run("adopt demo terraform.tfstate --dry-run").ended(0);
    assert_eq!(theirs.addresses(), "");
    let adopted = theirs.run("adopt demo terraform.tfstate --yes").ended(0);
    assert_eq!(theirs.addresses().lines().count(), 12, "{adopted}");
    theirs.run("plan demo --detailed-exitcode").ended(2);
    // The output alone is new to the state.
    theirs.run("apply demo --yes").ended(0);
    theirs.run("plan demo --detailed-exitcode").ended(0);
    assert_eq!(theirs.changes(), before, "nothing of AWS is changed");
    assert_eq!(
        theirs.run("output demo suffix --raw").ended(0).stdout.trim(),
        "00010203",
        "a name that was drawn stays"
    );
    let history = theirs.run("state history demo").ended(0).stdout;
    assert!(history.contains("adopt    adopted") && history.contains(": 12 adopted"), "{history}");
    let again = theirs.run("adopt demo terraform.tfstate --yes").ended(0);
    assert!(again.stdout.contains("0 resources adopted; 12 resources before"), "{again}");
    theirs.run("destroy demo --yes").ended(0);
    assert_shown!(theirs.project, shown, adopted);
}

#[test]
fn what_there_is_no_type_for_stays_with_terraform_where_that_is_asked_for() {
    let mut theirs = Theirs::declared(smaller);
    let all = theirs.state["resources"].as_array_mut().expect("it is a list");
    all.truncate(2);
    all.extend(unknown());
    theirs.write(&theirs.state);
    let refused = theirs.run("adopt demo terraform.tfstate --yes").ended(1);
    assert_eq!(theirs.addresses(), "");
    let adopted = theirs.run("adopt demo terraform.tfstate --yes --partial").ended(0);
    assert_eq!(theirs.addresses(), "aws_vpc.main\n");
    let document = theirs.run("adopt demo terraform.tfstate --dry-run --json").ended(0).stdout;
    let document: Value = serde_json::from_str(&document).expect("it is JSON");
    assert_eq!((&document["written"], document["left"].as_array().map(Vec::len)), (&json!(false), Some(3)));
    assert_shown!(theirs.project, refused, adopted);
}

#[test]
fn what_no_rule_tells_apart_someone_maps_and_what_is_to_stay_is_said_so() {
    let mut theirs = Theirs::declared(network);
    // Neither tags nor names say which table is which.
    for at in [4, 5] {
        theirs.state["resources"][at]["instances"][0]["attributes"]["tags"] = Value::Null;
    }
    theirs.write(&theirs.state);
    let unsure = theirs.run("adopt demo terraform.tfstate --yes").ended(1);
    assert!(
        flat(&unsure).contains("it could be aws_route_table.public or aws_route_table.private: map it"),
        "{unsure}"
    );
    theirs.project.write(
        "map",
        "# which is which\nmodule.net[\"eu\"].aws_route_table.a = aws_route_table.public\n\nmodule.net[\"eu\"].aws_route_table.b = aws_route_table.private\naws_eip.nat = -\n",
    );
    let adopted = theirs.run("adopt demo terraform.tfstate --map map --yes").ended(0);
    assert_eq!(theirs.addresses().lines().count(), 11, "{adopted}");
    assert!(adopted.stdout.contains("aws_eip.nat: as asked"), "{adopted}");
    assert!(!theirs.addresses().contains("aws_eip"), "{adopted}");
}

#[test]
fn nobody_who_is_not_asked_has_said_yes() {
    let theirs = Theirs::declared(network);
    let asked = theirs.run("adopt demo terraform.tfstate").ended(1);
    assert!(flat(&asked).contains("nobody is there to be asked; nothing was changed"), "{asked}");
    assert_eq!(theirs.addresses(), "");
}

#[test]
fn a_file_that_is_no_such_state_or_of_another_place_is_refused() {
    let theirs = Theirs::declared(network);
    let whole = theirs.state.to_string();
    let mut twice = theirs.state.clone();
    let mut other = twice["resources"][4].clone();
    other["name"] = "again".into();
    other["instances"][0]["attributes"]["tags"] = json!({ "Name": "private" });
    twice["resources"][5] = other;
    // One of which the stack declares but one.
    let mut second = theirs.state.clone();
    let mut other = second["resources"][1].clone();
    other["name"] = "again".into();
    second["resources"].as_array_mut().expect("a list").push(other);
    let account = |text: &str| text.replace(ACCOUNT, "444455556666");
    let region = |text: &str| text.replace("us-east-1", "eu-west-1");
    let encrypted =
        json!({ "serial": 3, "lineage": "x", "meta": {}, "encrypted_data": "aHVzaA==", "encryption_version": "v0" });
    let files = [
        whole[..whole.len() / 2].to_owned(),
        whole.replace("\"version\":4", "\"version\":3"),
        encrypted.to_string(),
        "terraform {}".to_owned(),
        account(&whole),
        region(&whole),
        twice.to_string(),
        second.to_string(),
    ];
    let runs: Vec<String> = files
        .iter()
        .map(|file| {
            theirs.project.write("terraform.tfstate", file);
            theirs.run("adopt demo terraform.tfstate --yes").ended(1).to_string()
        })
        .collect();
    assert_eq!(theirs.addresses(), "");
    assert_shown!(theirs.project, runs.join("\n"));
}

#[test]
fn a_map_that_is_wrong_is_refused_with_its_line() {
    let theirs = Theirs::declared(network);
    let vpc = "module.net[\"eu\"].aws_vpc.this";
    let runs: Vec<String> = [
        "aws_vpc.main".to_owned(),
        format!("{vpc} = aws_vpc.mian"),
        "module.old.aws_vpc.this = aws_vpc.main".to_owned(),
        format!("{vpc} = aws_eip.out"),
        format!("{vpc} = aws_vpc.main\naws_eip.nat = aws_vpc.main"),
        format!("{vpc} = aws_vpc.main\n{vpc} = -"),
        "module.net[\"eu\"].aws_subnet.public = aws_subnet.public[\"us-east-1a\"]".to_owned(),
    ]
    .iter()
    .map(|lines| {
        theirs.project.write("map", lines);
        theirs.run("adopt demo terraform.tfstate --map map --yes").ended(1).to_string()
    })
    .collect();
    assert_eq!(theirs.addresses(), "");
    assert_shown!(theirs.project, runs.join("\n"));
}

#[test]
fn what_is_gone_or_another_states_keeps_all_of_it_from_being_written() {
    let theirs = Theirs::declared(network);
    let gone = theirs.state.to_string();
    let address = theirs.state["resources"][9]["instances"][0]["attributes"]["id"].as_str().expect("it has one");
    theirs.project.write("terraform.tfstate", &gone.replace(address, "eipalloc-0a1b2c3d4e5f67890"));
    let absent = theirs.run("adopt demo terraform.tfstate --yes").ended(1);
    // Another state of this project has the network already.
    theirs.project.write("terraform.tfstate", &gone);
    theirs.project.add("other", smaller);
    theirs.run("apply other --yes").ended(0);
    let marked = theirs.run("state show other aws_vpc.main --json").ended(0).stdout;
    let marked: Value = serde_json::from_str(&marked).expect("it is JSON");
    let vpc = theirs.state["resources"][1]["instances"][0]["attributes"]["id"].as_str().expect("it has one");
    let foreign = gone.replace(vpc, marked["identity"].as_str().expect("it has one"));
    theirs.project.write("terraform.tfstate", &foreign);
    let foreign = theirs.run("adopt demo terraform.tfstate --yes").ended(1);
    assert!(flat(&foreign).contains("carries the mark of another state"), "{foreign}");
    assert_eq!(theirs.addresses(), "");
    assert_shown!(theirs.project, absent);
}

#[test]
fn a_stack_of_another_region_is_told_apart_from_what_was_made() {
    let theirs = Theirs::declared(network);
    theirs.project.declare(in_ireland);
    theirs.project.write("fathuss.toml", &theirs.project.read("fathuss.toml").replace("us-east-1", "eu-west-1"));
    let refused = theirs.run("adopt demo terraform.tfstate --yes").ended(1);
    assert!(flat(&refused).contains("is in us-east-1 there, and stack `demo` is in eu-west-1"), "{refused}");
}
