//! Blocks of addresses that are for something else.

use ipnet::Ipv4Net;

/// Which of these blocks a range lies in, if any.
pub(super) fn block_around<'b>(range: Ipv4Net, blocks: &[&'b str]) -> Option<&'b str> {
    let lies_in = |block: &&str| block.parse::<Ipv4Net>().is_ok_and(|block| block.contains(&range));
    blocks.iter().copied().find(lies_in)
}
