//! A text where a port is wanted.

use fathuss_model::aws::{IngressRule, SecurityGroup};
use fathuss_model::{Handle, Ipv4Net, Stack};

fn firewall(stack: &mut Stack, group: &Handle<SecurityGroup>, office: Ipv4Net) {
    stack.add("https", IngressRule::tcp(group, "443").from_range(office));
}

fn main() {}
