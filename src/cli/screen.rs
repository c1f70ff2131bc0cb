//! The terminal that progress is drawn on.

use std::io::Result;

use console::Term;
use indicatif::{ProgressDrawTarget, TermLike};

/// Frames a second at most.
const RATE: u8 = 20;

/// Standard error, with the cursor at the beginning of the last line once a frame is drawn. Behind a line that is
/// filled to the edge, the `^C` that a terminal shows for an interrupt would go to a line of its own, and the
/// next frame would be drawn one line too low.
#[derive(Debug)]
struct Screen(Term);

/// What progress is drawn on.
pub fn screen() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(Screen(Term::buffered_stderr())), RATE)
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        self.0.size().1
    }

    fn height(&self) -> u16 {
        self.0.size().0
    }

    fn move_cursor_up(&self, lines: usize) -> Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}
