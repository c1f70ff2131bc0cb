//! JSON read token by token, as the parser behind SNS does: its refusals name the place that it had come to, and say
//! what it expected there.
//!
//! The words of what is no JSON are those of Jackson, which SNS passes on. AWS's recorded answers hold two of them,
//! `Unexpected character` and `Unrecognized token`; the others are known from that parser.

/// One token. A text's own place is behind its opening quote: what it says is read after it was met.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    ObjectStart,
    ObjectEnd,
    ArrayStart,
    ArrayEnd,
    Field(String),
    Text(String),
    /// A number as it is written.
    Number(String),
    /// `true`, `false` or `null`.
    Literal(&'static str),
}

/// Why a text is no JSON, and where that was seen.
#[derive(Debug, PartialEq)]
pub(super) struct Malformed {
    pub(super) why: String,
    pub(super) place: Place,
}

/// Line and column, both from 1; a column is a UTF-16 unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Object,
    Array,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Object => "Object",
            Self::Array => "Array",
        }
    }
}

struct Open {
    kind: Kind,
    start: usize,
    /// What is in it so far.
    count: usize,
}

/// Reads tokens from a text.
pub(super) struct Reader {
    text: Vec<char>,
    at: usize,
    open: Vec<Open>,
    /// The value of the field that was told of last, which is begun with its name.
    of_field: Option<Token>,
    /// Where the text that was met last ends.
    text_end: Option<usize>,
    begun: bool,
}

const VALUES: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

impl Reader {
    pub(super) fn new(text: &str) -> Self {
        Self { text: text.chars().collect(), at: 0, open: Vec::new(), of_field: None, text_end: None, begun: false }
    }

    /// The next token, none at the end. What follows a whole value is not looked at.
    ///
    /// # Errors
    /// When there is something else.
    pub(super) fn next(&mut self) -> Result<Option<Token>, Malformed> {
        if let Some(value) = self.of_field.take() {
            return Ok(Some(value));
        }
        self.read_text();
        self.skip_space();
        let Some(open) = self.open.last_mut() else {
            if self.begun {
                return Ok(None);
            }
            self.begun = true;
            return if self.at == self.text.len() { Ok(None) } else { self.value().map(Some) };
        };
        let (kind, start, first) = (open.kind, open.start, open.count == 0);
        open.count += 1;
        let Some(&next) = self.text.get(self.at) else {
            let name = kind.name();
            let start = redacted(self.place_of(start));
            return Err(self.ended(&format!(": expected close marker for {name} (start marker at {start})")));
        };
        match (next, kind) {
            ('}', Kind::Object) => return Ok(Some(self.close(Token::ObjectEnd))),
            (']', Kind::Array) => return Ok(Some(self.close(Token::ArrayEnd))),
            ('}' | ']', _) => {
                let expected = if kind == Kind::Object { '}' } else { ']' };
                let (name, start) = (kind.name(), redacted(self.place_of(start)));
                let why =
                    format!("Unexpected close marker '{next}': expected '{expected}' (for {name} starting at {start})");
                return Err(Malformed { why, place: self.place() });
            }
            _ => {}
        }
        if !first {
            if next != ',' {
                return Err(self.unexpected(&format!("was expecting comma to separate {} entries", kind.name())));
            }
            self.at += 1;
            self.skip_space();
            if self.at == self.text.len() {
                return Err(self.ended(&format!(" within/between {} entries", kind.name())));
            }
        }
        if kind == Kind::Array {
            return self.value().map(Some);
        }
        if self.text.get(self.at) != Some(&'"') {
            return Err(self.unexpected("was expecting double-quote to start field name"));
        }
        let (name, end) = self.quoted(" in field name")?;
        self.at = end;
        self.skip_space();
        match self.text.get(self.at) {
            Some(':') => self.at += 1,
            Some(_) => return Err(self.unexpected("was expecting a colon to separate field name and value")),
            None => return Err(self.ended(" within/between Object entries")),
        }
        self.skip_space();
        if self.at == self.text.len() {
            return Err(self.ended(" within/between Object entries"));
        }
        self.of_field = Some(self.value()?);
        Ok(Some(Token::Field(name)))
    }

    /// Where the reader has come to.
    pub(super) fn place(&self) -> Place {
        self.place_of(self.at)
    }

    /// Reads on to the end of the text that was met last.
    pub(super) fn read_text(&mut self) {
        if let Some(end) = self.text_end.take() {
            self.at = end;
        }
    }

    fn place_of(&self, at: usize) -> Place {
        let before = &self.text[..at];
        let line = before.iter().rposition(|one| *one == '\n').map_or(0, |newline| newline + 1);
        Place {
            line: 1 + before.iter().filter(|one| **one == '\n').count(),
            column: 1 + before[line..].iter().map(|one| one.len_utf16()).sum::<usize>(),
        }
    }

    fn skip_space(&mut self) {
        while self.text.get(self.at).is_some_and(|one| matches!(one, ' ' | '\t' | '\n' | '\r')) {
            self.at += 1;
        }
    }

    fn close(&mut self, token: Token) -> Token {
        self.at += 1;
        self.open.pop();
        token
    }

    /// The beginning of a value; there is something to read.
    fn value(&mut self) -> Result<Token, Malformed> {
        let start = self.at;
        let mut container = |kind| self.open.push(Open { kind, start, count: 0 });
        match self.text[self.at] {
            '{' => {
                container(Kind::Object);
                self.at += 1;
                Ok(Token::ObjectStart)
            }
            '[' => {
                container(Kind::Array);
                self.at += 1;
                Ok(Token::ArrayStart)
            }
            '"' => {
                let (text, end) = self.quoted(": was expecting closing quote for a string value")?;
                self.text_end = Some(end);
                self.at += 1;
                Ok(Token::Text(text))
            }
            '-' | '0'..='9' => self.number(),
            first if first.is_alphabetic() || first == '_' || first == '$' => self.literal(),
            _ => Err(self.unexpected(&format!("expected a valid value {VALUES}"))),
        }
    }

    fn literal(&mut self) -> Result<Token, Malformed> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(|one| one.is_alphanumeric() || matches!(one, '_' | '$')) {
            self.at += 1;
        }
        let word: String = self.text[start..self.at].iter().collect();
        match ["true", "false", "null"].into_iter().find(|literal| *literal == word) {
            Some(literal) => Ok(Token::Literal(literal)),
            None => {
                let why = format!("Unrecognized token '{word}': was expecting {VALUES}");
                Err(Malformed { why, place: self.place() })
            }
        }
    }

    fn number(&mut self) -> Result<Token, Malformed> {
        let start = self.at;
        if self.text[self.at] == '-' {
            self.at += 1;
        }
        let whole = self.at;
        self.digits("Expected digit (0-9) to follow minus sign, for valid numeric value")?;
        if self.text[whole] == '0' && self.at - whole > 1 {
            let why = "Invalid numeric value: Leading zeroes not allowed".to_owned();
            return Err(Malformed { why, place: self.place_of(whole + 1) });
        }
        if self.text.get(self.at) == Some(&'.') {
            self.at += 1;
            self.digits("Decimal point not followed by a digit")?;
        }
        if matches!(self.text.get(self.at), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.text.get(self.at), Some('+' | '-')) {
                self.at += 1;
            }
            self.digits("Exponent indicator not followed by a digit")?;
        }
        Ok(Token::Number(self.text[start..self.at].iter().collect()))
    }

    fn digits(&mut self, expected: &str) -> Result<(), Malformed> {
        let start = self.at;
        while self.text.get(self.at).is_some_and(char::is_ascii_digit) {
            self.at += 1;
        }
        match (self.at > start, self.at < self.text.len()) {
            (true, _) => Ok(()),
            (false, true) => Err(self.unexpected(expected)),
            (false, false) => Err(self.ended(" in a Number")),
        }
    }

    /// A text in quotes that begins here, and where it ends.
    fn quoted(&self, unended: &str) -> Result<(String, usize), Malformed> {
        let mut at = self.at + 1;
        let fault = |why: String, at: usize| Malformed { why, place: self.place_of(at) };
        loop {
            match self.text.get(at) {
                None => return Err(fault(format!("Unexpected end-of-input{unended}"), at)),
                Some('"') => break,
                Some('\\') => {
                    match self.text.get(at + 1) {
                        None => {
                            return Err(fault("Unexpected end-of-input in character escape sequence".to_owned(), at));
                        }
                        Some('u') => {}
                        Some(one) if r#""\/bfnrt"#.contains(*one) => {}
                        Some(one) => {
                            let why = format!("Unrecognized character escape {}", described(*one));
                            return Err(fault(why, at + 1));
                        }
                    }
                    at += 2;
                }
                Some(one) if u32::from(*one) < 0x20 => {
                    let why = format!(
                        "Illegal unquoted character ({}): has to be escaped using backslash to be included in string value",
                        described(*one)
                    );
                    return Err(fault(why, at));
                }
                Some(_) => at += 1,
            }
        }
        let end = at + 1;
        let whole: String = self.text[self.at..end].iter().collect();
        // What is left to be wrong is a number behind `\u`.
        let text = serde_json::from_str(&whole);
        text.map(|text| (text, end)).map_err(|_| {
            fault("Unexpected character: expected a hex-digit for character escape sequence".to_owned(), end)
        })
    }

    fn unexpected(&self, expected: &str) -> Malformed {
        let found = self.text.get(self.at).copied().unwrap_or_default();
        let why = format!("Unexpected character ({}): {expected}", described(found));
        Malformed { why, place: self.place() }
    }

    fn ended(&self, what: &str) -> Malformed {
        Malformed { why: format!("Unexpected end-of-input{what}"), place: self.place() }
    }
}

/// A character as the parser shows it.
fn described(one: char) -> String {
    match u32::from(one) {
        code if one.is_control() => format!("(CTRL-CHAR, code {code})"),
        code @ 0..=255 => format!("'{one}' (code {code})"),
        code => format!("'{one}' (code {code} / 0x{code:x})"),
    }
}

/// A place as the parser writes it since it no longer shows what it read.
pub(super) fn redacted(place: Place) -> String {
    let Place { line, column } = place;
    format!(
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
    )
}

/// Looks through a text for what is no JSON; what comes is how SNS tells of it.
///
/// # Errors
/// When there is such.
pub(super) fn syntax(text: &str) -> Result<(), String> {
    let mut reader = Reader::new(text);
    loop {
        match reader.next() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(()),
            Err(Malformed { why, place }) => {
                return Err(format!("failed to parse JSON. {why}\n at {}", redacted(place)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<(Token, usize)> {
        let mut reader = Reader::new(text);
        let mut found = Vec::new();
        while let Some(token) = reader.next().unwrap() {
            found.push((token, reader.place().column));
        }
        found
    }

    #[test]
    fn a_field_is_told_with_the_start_of_its_value_and_a_text_before_it_is_read() {
        assert_eq!(
            places(r#"{"a": "bc", "d": 12, "e": [true]}"#),
            [
                (Token::ObjectStart, 2),
                (Token::Field("a".to_owned()), 8),
                (Token::Text("bc".to_owned()), 8),
                (Token::Field("d".to_owned()), 20),
                (Token::Number("12".to_owned()), 20),
                (Token::Field("e".to_owned()), 28),
                (Token::ArrayStart, 28),
                (Token::Literal("true"), 32),
                (Token::ArrayEnd, 33),
                (Token::ObjectEnd, 34),
            ]
        );
    }

    #[test]
    fn what_is_no_json_is_told_in_the_words_of_recorded_answers() {
        assert_eq!(
            syntax("{invalidjson}").unwrap_err(),
            "failed to parse JSON. Unexpected character ('i' (code 105)): was expecting double-quote to start field \
             name\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: 2]"
        );
        assert_eq!(
            syntax("invalid").unwrap_err(),
            "failed to parse JSON. Unrecognized token 'invalid': was expecting (JSON String, Number, Array, Object or \
             token 'null', 'true' or 'false')\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` \
             disabled); line: 1, column: 8]"
        );
    }

    #[test]
    fn every_beginning_of_a_document_that_is_not_all_of_it_is_refused() {
        let whole = r#"{"a": ["b\n\u00e9", -1.5e+3, {"c": {}}, [], null], "d": false}"#;
        assert_eq!(syntax(whole), Ok(()));
        for end in (1..whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            assert!(syntax(&whole[..end]).is_err(), "{}", &whole[..end]);
        }
        for wrong in
            ["{\"a\":1,}", "[1,]", "[01]", "[-]", "[1.]", "{\"a\" 1}", "[1 2]", "[}", "\"\\x\"", "\"\u{1}\"", "?"]
        {
            assert!(syntax(wrong).is_err(), "{wrong}");
        }
    }
}
