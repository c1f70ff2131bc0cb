//! The grammar of filters: keys that hold lists of what is let through, in the operators that SNS knows.
//!
//! SNS reads the JSON, writes it anew without spaces, and has that read token by token by a compiler of rules: AWS's
//! recorded answers show the text of a request with spaces without them, and a place in it. The order of the checks
//! is that of the compiler that AWS has published, <https://github.com/aws/event-ruler>, whose words are those of the
//! recorded answers. These are of 2024 and show the text itself; of 2025 there are recordings only of what is no JSON
//! at all, and in those the parser holds its text back.

use super::json_reader::{Place, Reader, Token};

/// Whether a text that is JSON is a filter.
///
/// # Errors
/// In the words of SNS, when it is none.
pub(super) fn follows(text: &str) -> Result<(), String> {
    let source = without_space(text);
    let mut compiler = Compiler { reader: Reader::new(&source), source: &source };
    match compiler.next()? {
        Token::ObjectStart => compiler.object(false),
        _ => compiler.refuse("Filter is not an object"),
    }
}

/// The same JSON without the spaces between its tokens.
fn without_space(text: &str) -> String {
    let (mut written, mut in_text, mut escaped) = (String::new(), false, false);
    for one in text.chars() {
        if in_text || !one.is_ascii_whitespace() {
            written.push(one);
        }
        in_text = if one == '"' && !escaped { !in_text } else { in_text };
        escaped = in_text && one == '\\' && !escaped;
    }
    written
}

struct Compiler<'a> {
    reader: Reader,
    source: &'a str,
}

impl Compiler<'_> {
    /// The next token; that there is one was seen before.
    fn next(&mut self) -> Result<Token, String> {
        match self.reader.next() {
            Ok(Some(token)) => Ok(token),
            _ => Err("failed to parse JSON.".to_owned()),
        }
    }

    /// The next token, a text with what it says.
    fn next_read(&mut self) -> Result<Token, String> {
        let token = self.next()?;
        self.reader.read_text();
        Ok(token)
    }

    fn refuse<T>(&self, why: &str) -> Result<T, String> {
        // The parser shows so many characters of what it reads.
        const SHOWN: usize = 500;
        let Place { line, column } = self.reader.place();
        let shown: String = self.source.chars().take(SHOWN).collect();
        let left = self.source.chars().count().saturating_sub(SHOWN);
        let left = if left > 0 { format!("[truncated {left} chars]") } else { String::new() };
        Err(format!("{why}\n at [Source: (String)\"{shown}\"{left}; line: {line}, column: {column}]"))
    }

    fn expect(&mut self, expected: &Token, otherwise: &str) -> Result<(), String> {
        if self.next()? == *expected { Ok(()) } else { self.refuse(otherwise) }
    }

    /// The fields of an object that has begun.
    fn object(&mut self, inside_or: bool) -> Result<(), String> {
        let mut empty = true;
        while let Token::Field(name) = self.next()? {
            empty = false;
            if name == "$or" {
                self.either()?;
                continue;
            }
            if inside_or && RESERVED.contains(&name.as_str()) {
                return self.refuse(&format!("{name} is Ruler reserved fieldName which cannot be used inside $or."));
            }
            match self.next()? {
                Token::ObjectStart => self.object(inside_or)?,
                Token::ArrayStart => self.values()?,
                _ => return self.refuse(&format!("\"{name}\" must be an object or an array")),
            }
        }
        if empty { self.refuse("Empty objects are not allowed") } else { Ok(()) }
    }

    /// Objects of which one has to match.
    fn either(&mut self) -> Result<(), String> {
        self.expect(&Token::ArrayStart, "It must be an Array followed with $or.")?;
        let mut several = 0;
        loop {
            match self.next()? {
                Token::ArrayEnd if several < 2 => {
                    return self.refuse("There must have at least 2 Objects in $or relationship.");
                }
                Token::ArrayEnd => return Ok(()),
                Token::ObjectStart => self.object(true)?,
                _ => return self.refuse("Only JSON object is allowed in array of $or relationship."),
            }
            several += 1;
        }
    }

    /// What a key lets through.
    fn values(&mut self) -> Result<(), String> {
        let mut empty = true;
        loop {
            match self.next_read()? {
                Token::ArrayEnd if empty => return self.refuse("Empty arrays are not allowed"),
                Token::ArrayEnd => return Ok(()),
                Token::ObjectStart => self.expression()?,
                Token::ArrayStart => return self.refuse("Match value must be String, number, true, false, or null"),
                _ => {}
            }
            empty = false;
        }
    }

    /// One operator with its operand.
    fn expression(&mut self) -> Result<(), String> {
        let Token::Field(operator) = self.next()? else { return self.refuse("Match expression name not found") };
        match operator.as_str() {
            "prefix" | "suffix" => match self.next()? {
                Token::ObjectStart => self.ignoring_case(&operator)?,
                Token::Text(_) => {}
                _ => return self.refuse(&format!("{operator} match pattern must be a string")),
            },
            "equals-ignore-case" | "wildcard" => {
                self.text(&format!("{operator} match pattern must be a string"))?;
            }
            // The words are those of a prefix.
            "cidr" => cidr(&self.text("prefix match pattern must be a string")?)?,
            "exists" => match self.next()? {
                Token::Literal("true" | "false") => {}
                _ => return self.refuse("exists match pattern must be either true or false."),
            },
            "numeric" => {
                self.expect(&Token::ArrayStart, "Value of numeric must be an array.")?;
                self.numeric()?;
                return self.expect(&Token::ObjectEnd, TOO_MANY);
            }
            "anything-but" => return self.anything_but(),
            _ => return self.refuse(&format!("Unrecognized match type {operator}")),
        }
        self.expect(&Token::ObjectEnd, ONE_KEY)
    }

    /// What a text says.
    fn text(&mut self, otherwise: &str) -> Result<String, String> {
        let Token::Text(text) = self.next()? else { return self.refuse(otherwise) };
        self.reader.read_text();
        Ok(text)
    }

    /// A beginning or an end in whichever case.
    fn ignoring_case(&mut self, end: &str) -> Result<(), String> {
        let named = if end == "prefix" { "Prefix" } else { "Suffix" };
        match self.next()? {
            Token::Field(operator) if operator == "equals-ignore-case" => {}
            Token::Field(other) => return self.refuse(&format!("Unsupported {end} pattern: {other}")),
            _ => return self.refuse(&format!("{named} expression name not found")),
        }
        self.text("equals-ignore-case match pattern must be a string")?;
        self.expect(&Token::ObjectEnd, ONE_KEY)
    }

    fn anything_but(&mut self) -> Result<(), String> {
        match self.next()? {
            // Of the compiler's patterns SNS has the beginning alone.
            Token::ObjectStart => {
                match self.next()? {
                    Token::Field(operator) if operator == "prefix" => {}
                    Token::Field(other) => return self.refuse(&format!("Unsupported anything-but pattern: {other}")),
                    _ => return self.refuse("Anything-But expression name not found"),
                }
                if self.text("prefix match pattern must be a string")?.is_empty() {
                    return self.refuse("Null prefix not allowed");
                }
                self.expect(&Token::ObjectEnd, ONE_KEY)?;
                return self.expect(&Token::ObjectEnd, ONE_KEY);
            }
            Token::ArrayStart => self.anything_but_those()?,
            Token::Text(_) | Token::Number(_) => self.reader.read_text(),
            _ => {
                return self.refuse("Value of anything-but must be an array or single string/number value.");
            }
        }
        self.expect(&Token::ObjectEnd, TOO_MANY)
    }

    fn anything_but_those(&mut self) -> Result<(), String> {
        let (mut texts, mut numbers) = (false, false);
        loop {
            match self.next_read()? {
                Token::ArrayEnd => break,
                Token::Text(_) => texts = true,
                Token::Number(_) => numbers = true,
                _ => return self.refuse("Inside anything but list, start|null|boolean is not supported."),
            }
        }
        if texts == numbers {
            return self.refuse(
                "Inside anything but list, either all values are number or string, mixed type is not supported",
            );
        }
        Ok(())
    }

    /// <https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html>; no source has the words.
    fn in_range(&self, number: &str) -> Result<(), String> {
        match number.parse::<f64>() {
            Ok(number) if number.abs() <= 1e9 => Ok(()),
            _ => self.refuse("Value must be between -1.0E9 and 1.0E9, inclusive"),
        }
    }

    /// One comparison with a number, or two that make a range.
    fn numeric(&mut self) -> Result<(), String> {
        let operator = match self.next_read()? {
            Token::Text(operator) => operator,
            other => return self.refuse(&format!("Invalid member in numeric match: {}", written(&other))),
        };
        // What follows is met before the operator is looked at.
        let operand = self.next()?;
        let name = if operator == "=" { "equals" } else { &operator };
        if !["=", "<", "<=", ">", ">="].contains(&operator.as_str()) {
            return self.refuse(&format!("Unrecognized numeric range operator: {operator}"));
        }
        let Token::Number(bottom) = operand else { return self.refuse(&format!("Value of {name} must be numeric")) };
        self.in_range(&bottom)?;
        if !operator.starts_with('>') {
            return self.expect(&Token::ArrayEnd, TOO_MANY);
        }
        let operator = match self.next_read()? {
            Token::ArrayEnd => return Ok(()),
            Token::Text(operator) if operator == "<" || operator == "<=" => operator,
            Token::Text(other) => return self.refuse(&format!("Bad numeric range operator: {other}")),
            other => return self.refuse(&format!("Bad value in numeric range: {}", written(&other))),
        };
        let Token::Number(top) = self.next()? else {
            return self.refuse(&format!("Value of {operator} must be numeric"));
        };
        self.in_range(&top)?;
        self.expect(&Token::ArrayEnd, "Too many terms in numeric range expression")?;
        let below = |bottom: &str, top: &str| Some(bottom.parse::<f64>().ok()? < top.parse::<f64>().ok()?);
        if below(&bottom, &top) == Some(true) { Ok(()) } else { self.refuse("Bottom must be less than top") }
    }
}

const ONE_KEY: &str = "Only one key allowed in match expression";
const TOO_MANY: &str = "Too many elements in numeric expression";

/// Names of operators that are or may come, which an alternative can have for no key.
const RESERVED: &[&str] = &[
    "exactly",
    "equals-ignore-case",
    "prefix",
    "suffix",
    "anything-but",
    "exists",
    "wildcard",
    "numeric",
    "cidr",
    "=",
    "<",
    "<=",
    ">",
    ">=",
    "regex",
    "not-wildcard",
    "not-equals-ignore-case",
    "date-after",
    "date-on-or-after",
    "date-before",
    "date-on-or-before",
    "in-date-range",
    "ip-address-in-range",
    "ip-address-not-in-range",
];

/// A token as the parser writes it.
fn written(token: &Token) -> &str {
    match token {
        Token::ObjectStart => "{",
        Token::ObjectEnd => "}",
        Token::ArrayStart => "[",
        Token::ArrayEnd => "]",
        Token::Field(text) | Token::Text(text) | Token::Number(text) => text,
        Token::Literal(literal) => literal,
    }
}

/// A range of addresses; its refusals name no place.
fn cidr(range: &str) -> Result<(), String> {
    let mut parts = range.split('/');
    let (Some(address), Some(bits), None) = (parts.next(), parts.next(), parts.next()) else {
        return Err("Malformed CIDR, one '/' required".to_owned());
    };
    let Ok(bits) = bits.parse::<i64>() else { return Err("Malformed CIDR, mask bits must be an integer".to_owned()) };
    if bits < 0 {
        return Err("Malformed CIDR, mask bits must not be negative".to_owned());
    }
    match address.parse::<std::net::IpAddr>() {
        Err(_) => Err(format!("Nonstandard IP address: {address}")),
        Ok(address) if address.is_ipv4() && bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
        Ok(_) if bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
        Ok(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refusals that AWS's recorded answers hold, with the column that they name.
    const RECORDED: &[(&str, &str, usize)] = &[
        (r#"{"key":[["value"]]}"#, "Match value must be String, number, true, false, or null", 10),
        (r#"{"key":[{"wrong-operator":true}]}"#, "Unrecognized match type wrong-operator", 31),
        (r#"{"key":[{"suffix":"value","prefix":"value2"}]}"#, "Only one key allowed in match expression", 37),
        (r#"{"key":[]}"#, "Empty arrays are not allowed", 10),
        (r#"{"key":[{"suffix":100}]}"#, "suffix match pattern must be a string", 22),
        (r#"{"key":[{"suffix":null}]}"#, "suffix match pattern must be a string", 23),
        (r#"{"key":{"suffix":"value"}}"#, r#""suffix" must be an object or an array"#, 19),
        (r#"{"key":[{"suffix":[]}]}"#, "suffix match pattern must be a string", 20),
        (r#"{"key":[{"suffix":["test","test2"]}]}"#, "suffix match pattern must be a string", 20),
        (r#"{"key":{"suffix":"value","prefix":"value"}}"#, r#""suffix" must be an object or an array"#, 19),
        (r#"{"key":{"not-an-operator":"value"}}"#, r#""not-an-operator" must be an object or an array"#, 28),
        (r#"{"key":[{"cidr":["bad-filter"]}]}"#, "prefix match pattern must be a string", 18),
        (r#"{"key":[{"numeric":[]}]}"#, "Invalid member in numeric match: ]", 22),
        (r#"{"key":[{"numeric":["operator"]}]}"#, "Unrecognized numeric range operator: operator", 32),
        (r#"{"key":[{"numeric":[1,"<="]}]}"#, "Invalid member in numeric match: 1", 22),
        (r#"{"key":[{"numeric":["=","000"]}]}"#, "Value of equals must be numeric", 26),
        (r#"{"key":[{"numeric":[">="]}]}"#, "Value of >= must be numeric", 26),
        (r#"{"key":[{"numeric":["<",100,">",10]}]}"#, "Too many elements in numeric expression", 30),
        (r#"{"key":[{"numeric":[">=",1,">",2]}]}"#, "Bad numeric range operator: >", 31),
        (r#"{"key":[{"numeric":[">",3,"<",1]}]}"#, "Bottom must be less than top", 33),
        (r#"{"key":[{"numeric":[">",20,"<="]}]}"#, "Value of <= must be numeric", 33),
        (r#"{"key":[{"numeric":[">",20,30]}]}"#, "Bad value in numeric range: 30", 30),
        (r#"{"key":[{"numeric":[">",20,"test"]}]}"#, "Bad numeric range operator: test", 34),
        (r#"{"key":[{"numeric":[">","20","<","30"]}]}"#, "Value of > must be numeric", 26),
        (r#"{"key":[{"numeric":[">",20,"<","30"]}]}"#, "Value of < must be numeric", 33),
        (r#"{"key":[{"numeric":[">",20,"<",30,"<",50]}]}"#, "Too many terms in numeric range expression", 36),
        (r#"{"key":[{"exists":null}]}"#, "exists match pattern must be either true or false.", 23),
        (r#"{"key":[{"exists":"no"}]}"#, "exists match pattern must be either true or false.", 20),
        (r#"{"key_a":"value_one"}"#, r#""key_a" must be an object or an array"#, 11),
        (
            r#"{"key":[{"anything-but":{"wrong-operator":null}}]}"#,
            "Unsupported anything-but pattern: wrong-operator",
            47,
        ),
        (r#"{"key":[{"anything-but":{"suffix":"test"}}]}"#, "Unsupported anything-but pattern: suffix", 36),
        (r#"{"key":[{"anything-but":{"exists":false}}]}"#, "Unsupported anything-but pattern: exists", 40),
        (r#"{"key":[{"anything-but":{"prefix":false}}]}"#, "prefix match pattern must be a string", 40),
    ];

    #[test]
    fn a_filter_is_refused_in_the_words_and_at_the_place_of_recorded_answers() {
        for (source, why, column) in RECORDED {
            let told = format!("{why}\n at [Source: (String)\"{source}\"; line: 1, column: {column}]");
            assert_eq!(follows(source), Err(told));
        }
    }

    #[test]
    fn a_filter_is_shown_without_spaces_and_cut_where_it_is_long() {
        let told = follows("{\"a b\" : [ \"c\\\" \\\" d\", [] ] }").unwrap_err();
        assert!(told.contains(r#"(String)"{"a b":["c\" \" d",[]]}"; line: 1, column: 21]"#), "{told}");
        let told = follows(&format!("{{\"key\": [\"{}\", []]}}", "x".repeat(600))).unwrap_err();
        assert!(told.contains("xx\"[truncated 115 chars]; line: 1, column: 613]"), "{told}");
    }

    #[test]
    fn every_operator_of_sns_is_one() {
        for filter in [
            r#"{"a": ["b", 1, -1.5e3, true, false, null], "c": {"d": ["e"]}}"#,
            r#"{"a": [{"prefix": "b"}, {"suffix": "b"}, {"equals-ignore-case": "b"}, {"wildcard": "b*"}]}"#,
            r#"{"a": [{"prefix": {"equals-ignore-case": "b"}}, {"suffix": {"equals-ignore-case": "b"}}]}"#,
            r#"{"a": [{"cidr": "10.0.0.0/24"}, {"cidr": "2001:db8::/64"}, {"exists": true}, {"exists": false}]}"#,
            r#"{"a": [{"numeric": ["=", 1]}, {"numeric": ["<", 1]}, {"numeric": [">", 0, "<=", 5.5]}]}"#,
            r#"{"a": [{"anything-but": "b"}, {"anything-but": 1}, {"anything-but": ["b", "c"]}]}"#,
            r#"{"a": [{"anything-but": [1, 2]}, {"anything-but": {"prefix": "b"}}]}"#,
            r#"{"$or": [{"a": ["b"]}, {"c": ["d"], "$or": [{"e": ["f"]}, {"g": ["h"]}]}]}"#,
        ] {
            assert_eq!(follows(filter), Ok(()), "{filter}");
        }
    }
}
