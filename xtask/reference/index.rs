//! The reference's first page: how to read the others, and all types by service.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use fathuss_model::schema::{Mode, Schema};

use super::field::cell;

/// The services' names as AWS writes them; any other stands as the schemas have it.
const SERVICES: &[(&str, &str)] = &[
    ("acm", "Certificate Manager"),
    ("autoscaling", "EC2 Auto Scaling"),
    ("backup", "Backup"),
    ("budgets", "Budgets"),
    ("ce", "Cost Explorer"),
    ("cloudfront", "CloudFront"),
    ("cloudwatch", "CloudWatch"),
    ("ec2", "EC2 and VPC"),
    ("eks", "EKS"),
    ("elasticache", "ElastiCache"),
    ("iam", "IAM"),
    ("kms", "KMS"),
    ("local", "In state alone"),
    ("logs", "CloudWatch Logs"),
    ("rds", "RDS"),
    ("route53", "Route 53"),
    ("s3", "S3"),
    ("secretsmanager", "Secrets Manager"),
    ("sns", "SNS"),
    ("ssm", "Systems Manager"),
    ("sts", "STS"),
];

const HEAD: &str = r#"<!-- Made by `cargo xtask docs` from the schemas. -->

# Resources

Every type that a stack can declare. `fathuss schema TYPE` shows a type's fields in a terminal.

Types and fields have the names that they have in Terraform. What is written there as

```hcl
resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.16.0/20"
  tags       = { Tier = "private" }
}
```

is here

```rust
let subnet = Subnet::new(&vpc, "10.0.16.0/20".parse::<Ipv4Net>()?).tag("Tier", "private");
let subnet = stack.add("private", subnet);
```

- `new` takes what is required. Each other field is a method of its name, and `.tag(key, value)` adds one tag.
- `stack.add` gives a handle. `&vpc` stands for the VPC's id, ARN or name, whichever the field wants, and `vpc.id()`, `vpc.arn()` and so on for what AWS gives. A handle of another type does not compile. `Id::existing("vpc-...")`, `Arn::existing` and `Name::existing` are for what no stack here makes.
- Some types have shorter ways to declare what is common, such as `Route::to_internet` or `EbsVolume::encrypted_gp3`. The examples use them, and `cargo doc --package fathuss-model --open` has all.
- One of several of a kind has a key: `stack.add(("private", zone), ...)`.
- A closed set of words is an enum, a block a struct: `CapacityType::Spot`, `Taint::new(...)`. Ranges are made by `range.subnet(24, 0)?`.
- There is no `aws_iam_policy_document`: a policy is a value of the program, `Policy::new([Statement::allow(actions!["s3:GetObject"]).on(bucket.arn())])`, and stands wherever a document is wanted. Its actions are looked up while the program compiles, `.by` takes principals, `.when` conditions, and any part of it can refer to other resources.
- Where a name may be left out, leave it out: one is made that nothing else has.
- What is *looked up* is asked and never made. What is *taken over* AWS has made with something else.
- Any type takes `.depends_on(&handle)`, `.region("us-west-2")` and `.lifecycle(Lifecycle::new().prevent_destroy(true))` behind its own fields.

The examples stand in a stack's function and are compiled and checked by the tests. Handles that an example does not make, such as `&vpc` or `&cluster`, are those of other resources of the stack, and `range` is the VPC's. They begin with

```rust
use fathuss_model::aws::policy::*;
use fathuss_model::aws::*;
use fathuss_model::*;
```

In the tables, *a change* says what another value does: AWS changes the resource *in place*, or it is deleted and made anew (*replaces*). The plan says so before anything is done.
"#;

/// The page.
pub fn index(schemas: &[&Schema]) -> String {
    let mut services: BTreeMap<&str, Vec<&Schema>> = BTreeMap::new();
    for schema in schemas {
        let known = SERVICES.iter().find(|(service, _)| *service == schema.service);
        services.entry(known.map_or(schema.service, |(_, name)| name)).or_default().push(schema);
    }
    let mut page = HEAD.to_owned();
    for (service, types) in services {
        let _ = writeln!(page, "\n## {service}\n\n| type | in Rust | what it is |\n|---|---|---|");
        for schema in types {
            let kind = schema.kind;
            let mode = match schema.mode {
                Mode::Managed => "",
                Mode::Lookup => " *Looked up.*",
                Mode::Adopted => " *Taken over.*",
            };
            let _ = writeln!(page, "| [{kind}]({kind}.md) | `{}` | {}{mode} |", schema.rust, cell(schema.doc));
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_stands_in_the_index_once() {
        let schemas: Vec<&Schema> = fathuss_model::schemas().collect();
        let page = index(&schemas);
        for schema in schemas {
            assert_eq!(page.matches(&format!("]({}.md)", schema.kind)).count(), 1, "{}", schema.kind);
        }
    }
}
