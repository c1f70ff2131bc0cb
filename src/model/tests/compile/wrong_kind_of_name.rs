//! A cache's subnet group where a database's is wanted.

use fathuss_model::aws::{DbInstance, DbInstanceClass, ElasticacheSubnetGroup};
use fathuss_model::{Handle, Stack};

fn data(stack: &mut Stack, subnets: &Handle<ElasticacheSubnetGroup>) {
    stack.add("main", DbInstance::postgres("17", DbInstanceClass::T3Medium).db_subnet_group_name(subnets));
}

fn main() {}
