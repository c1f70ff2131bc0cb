//! Stacks that must not compile, each with the message that a newcomer reads.
//!
//! `TRYBUILD=overwrite cargo test -p fathuss-model --test does_not_compile`
//! writes the messages anew after a change of the compiler's words; read them
//! before they are committed.

#[test]
fn what_types_can_show_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile/*.rs");
}
