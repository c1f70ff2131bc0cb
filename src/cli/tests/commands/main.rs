//! Every command of `fathuss` as a new user tries it: the real program in a project of its own, with the sandbox.
//!
//! A stack program is anything that prints a graph. Here it is mostly `cat` of a graph that the test wrote, so
//! that no test waits for a compiler; `cargo_project` and `platform` run the real thing.

mod demo;
mod project;
mod server;
mod terminal;

mod addresses;
mod adopt;
mod aws;
mod bad_programs;
mod bad_states;
mod bootstrap;
mod cargo_project;
mod encrypted;
mod flow;
mod full_disk;
mod history;
mod import;
mod json;
mod looking;
mod only;
mod platform;
mod sandbox;
mod secrets;
mod states;
mod stopping;
mod terminals;
mod words;
