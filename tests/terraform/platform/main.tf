# Every type of Fathuss that Terraform's AWS provider 3.39 knows, on a simulated AWS.

variable "endpoint" {
  type = string
}

provider "aws" {
  region     = "us-east-1"
  access_key = "test"
  secret_key = "test"

  # No instance metadata is there to ask for a role.
  skip_metadata_api_check = true

  # A bucket is a part of the path, not of the host's name, which no name server knows here.
  s3_force_path_style = true

  endpoints {
    acm            = var.endpoint
    autoscaling    = var.endpoint
    backup         = var.endpoint
    budgets        = var.endpoint
    cloudfront     = var.endpoint
    cloudwatch     = var.endpoint
    cloudwatchlogs = var.endpoint
    ec2            = var.endpoint
    eks            = var.endpoint
    elasticache    = var.endpoint
    iam            = var.endpoint
    kms            = var.endpoint
    rds            = var.endpoint
    route53        = var.endpoint
    s3             = var.endpoint
    secretsmanager = var.endpoint
    sns            = var.endpoint
    ssm            = var.endpoint
    sts            = var.endpoint
  }

  default_tags {
    tags = { Project = "terraform" }
  }
}

data "aws_caller_identity" "current" {}

data "aws_availability_zones" "available" {
  state = "available"
}

data "aws_ami" "linux" {
  owners      = ["amazon"]
  most_recent = true

  filter {
    name   = "name"
    values = ["al2023-ami-2023.*-x86_64"]
  }
}

output "account" {
  value = data.aws_caller_identity.current.account_id
}
