//! Draws screens of a real terminal: runs commands on a pseudo-terminal, one after the other as typed, and writes
//! what its screen shows at a moment in between, and in the end, as SVG.
//!
//! ```text
//! terminal_picture 96x24 running.svg=" 4:3" done.svg= "fathuss apply staging --sandbox" "fathuss plan staging --sandbox"
//! ```
//!
//! `FILE=TEXT` is drawn when the screen first shows TEXT, `FILE=` in the end. `cargo xtask pictures` calls this.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Read;
use std::num::NonZeroU16;

use fathuss_report::terminal_svg;
use pty_process::Size;
use pty_process::blocking::{Command, open};

/// A picture that is still to be drawn: its file, and the text that it waits for.
type Wanted = (String, String);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let size = arguments.next().ok_or("give a size as COLUMNSxLINES, FILE=TEXT for each picture, and commands")?;
    let (columns, lines) = size.split_once('x').ok_or("a size is COLUMNSxLINES")?;
    let (columns, lines): (NonZeroU16, NonZeroU16) = (columns.parse()?, lines.parse()?);
    let (mut wanted, mut commands) = (Vec::<Wanted>::new(), Vec::new());
    for argument in arguments {
        match argument.split_once('=') {
            Some((file, text)) if file.ends_with(".svg") => wanted.push((file.to_owned(), text.to_owned())),
            _ => commands.push(argument),
        }
    }
    let mut screen = vt100::Parser::new(lines, columns, 0);
    for command in &commands {
        screen.process(format!("\u{1b}[36m$\u{1b}[0m \u{1b}[1m{command}\u{1b}[0m\r\n").as_bytes());
        run(command, &mut screen, &mut |screen| {
            let contents = screen.contents();
            draw(&mut wanted, command, screen, |text| !text.is_empty() && contents.contains(text))
        })?;
        screen.process(b"\r\n");
    }
    draw(&mut wanted, commands.last().map_or("", String::as_str), screen.screen(), str::is_empty)?;
    match wanted.first() {
        Some((file, text)) => Err(format!("{file}: the screen never showed {text:?}").into()),
        None => Ok(()),
    }
}

/// Draws each picture whose text has come.
fn draw(wanted: &mut Vec<Wanted>, title: &str, screen: &vt100::Screen, has_come: impl Fn(&str) -> bool) -> Result<()> {
    for (file, _) in wanted.extract_if(.., |(_, text)| has_come(text)) {
        std::fs::write(file, terminal_svg(title, &text_of(screen)))?;
    }
    Ok(())
}

/// Runs a command in a shell on a terminal of the screen's size, and shows what it prints.
fn run(command: &str, screen: &mut vt100::Parser, look: &mut dyn FnMut(&vt100::Screen) -> Result<()>) -> Result<()> {
    let (mut terminal, other_end) = open()?;
    let (lines, columns) = screen.screen().size();
    terminal.resize(Size::new(lines.get(), columns.get()))?;
    let mut child = Command::new("sh").args(["-c", command]).env("TERM", "xterm-256color").spawn(other_end)?;
    let mut buffer = [0; 4096];
    // Linux says "input/output error" where the last program has left the terminal.
    while let Ok(length @ 1..) = terminal.read(&mut buffer) {
        screen.process(&buffer[..length]);
        look(screen.screen())?;
    }
    let status = child.wait()?;
    if status.success() { Ok(()) } else { Err(format!("{command}: {status}").into()) }
}

/// A screen as lines with ANSI colours and weights.
fn text_of(screen: &vt100::Screen) -> String {
    let (lines, columns) = screen.size();
    let mut text = String::new();
    for row in 0..lines.get() {
        let mut before = String::new();
        for cell in (0..columns.get()).filter_map(|column| screen.cell(row, column)) {
            if cell.is_wide_continuation() {
                continue;
            }
            let look = look_of(cell);
            if look != before {
                // Writing to a String does not fail.
                let _ = write!(text, "\u{1b}[0{look}m");
                before = look;
            }
            text.push_str(if cell.has_contents() { cell.contents() } else { " " });
        }
        text.push_str("\u{1b}[0m\n");
    }
    text
}

fn look_of(cell: &vt100::Cell) -> String {
    let mut look = String::new();
    for (is, parameter) in [(cell.bold(), ";1"), (cell.dim(), ";2"), (cell.italic(), ";3"), (cell.underline(), ";4")] {
        if is {
            look.push_str(parameter);
        }
    }
    if let vt100::Color::Idx(colour @ 0..16) = cell.fgcolor() {
        let _ = write!(look, ";{}", 30 + colour % 8);
    }
    look
}
