//! Reads a formula by recursive descent.

use super::{DEPTH, Expression, Function, Step};

/// Brackets and signs may be nested this deep.
const DEEPEST: usize = 64;
/// Whole exponents up to this size become products.
const LARGEST_PRODUCT: f64 = 64.0;

/// Why a text is no formula.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{message} at character {at}")]
pub struct ExpressionError {
    /// The character at which reading stopped, counted from 1.
    pub at: usize,
    /// What is wrong.
    pub message: String,
}

pub(super) fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let expression = Expression { names: Vec::new(), steps: Vec::new() };
    let mut parser = Parser { text, at: 0, nested: 0, waiting: 0, expression };
    parser.sum()?;
    parser.skip_space();
    match parser.peek() {
        None => Ok(parser.expression),
        Some(')') => Err(parser.error("there is no `(` for this `)`")),
        Some(letter) => Err(parser.error(format!("an operator is missing before `{letter}`"))),
    }
}

struct Parser<'t> {
    text: &'t str,
    /// Bytes read.
    at: usize,
    nested: usize,
    /// Operands that wait at this point of the evaluation.
    waiting: usize,
    expression: Expression,
}

type Read<T> = Result<T, ExpressionError>;

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> ExpressionError {
        ExpressionError { at: self.text[..self.at].chars().count() + 1, message: message.into() }
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_space(&mut self) {
        while let Some(letter) = self.peek().filter(|letter| letter.is_whitespace()) {
            self.at += letter.len_utf8();
        }
    }

    /// Takes a sign of punctuation, if it comes next.
    fn takes(&mut self, wanted: char) -> bool {
        self.skip_space();
        let next = self.peek() == Some(wanted);
        if next {
            self.at += wanted.len_utf8();
        }
        next
    }

    fn operand(&mut self, step: Step) -> Read<()> {
        self.waiting += 1;
        if self.waiting > DEPTH {
            return Err(self.error(format!("more than {DEPTH} operands wait for one another")));
        }
        self.expression.steps.push(step);
        Ok(())
    }

    fn join(&mut self, step: Step) {
        self.waiting -= 1;
        self.expression.steps.push(step);
    }

    fn sum(&mut self) -> Read<()> {
        self.nested += 1;
        if self.nested > DEEPEST {
            return Err(self.error(format!("nested more than {DEEPEST} deep")));
        }
        self.term()?;
        loop {
            if self.takes('+') {
                self.term()?;
                self.join(Step::Add);
            } else if self.takes('-') {
                self.term()?;
                self.join(Step::Subtract);
            } else {
                self.nested -= 1;
                return Ok(());
            }
        }
    }

    fn term(&mut self) -> Read<()> {
        self.signed()?;
        loop {
            if self.takes('*') {
                self.signed()?;
                self.join(Step::Multiply);
            } else if self.takes('/') {
                self.signed()?;
                self.join(Step::Divide);
            } else {
                return Ok(());
            }
        }
    }

    fn signed(&mut self) -> Read<()> {
        let mut negative = false;
        loop {
            if self.takes('-') {
                negative = !negative;
            } else if !self.takes('+') {
                break;
            }
        }
        self.power()?;
        if negative {
            self.expression.steps.push(Step::Negate);
        }
        Ok(())
    }

    fn power(&mut self) -> Read<()> {
        self.atom()?;
        if !self.takes('^') {
            return Ok(());
        }
        self.nested += 1;
        if self.nested > DEEPEST {
            return Err(self.error(format!("nested more than {DEEPEST} deep")));
        }
        let before = self.expression.steps.len();
        self.signed()?;
        self.nested -= 1;
        let whole = match self.expression.steps[before..] {
            [Step::Constant(exponent)] => Some(exponent),
            [Step::Constant(exponent), Step::Negate] => Some(-exponent),
            _ => None,
        };
        match whole.filter(|exponent| exponent.fract() == 0.0 && exponent.abs() <= LARGEST_PRODUCT) {
            Some(exponent) => {
                self.expression.steps.truncate(before);
                self.join(Step::Product(exponent as i32));
            }
            None => self.join(Step::Power),
        }
        Ok(())
    }

    fn atom(&mut self) -> Read<()> {
        self.skip_space();
        match self.peek() {
            None => Err(self.error("the formula ends too soon")),
            Some('(') => {
                self.at += 1;
                self.sum()?;
                self.closing()
            }
            Some(letter) if letter.is_ascii_digit() || letter == '.' => self.number(),
            Some(letter) if letter.is_alphabetic() || letter == '_' || letter == '"' => self.name_or_call(),
            Some(letter) => Err(self.error(format!("`{letter}` does not fit here"))),
        }
    }

    fn closing(&mut self) -> Read<()> {
        if self.takes(')') { Ok(()) } else { Err(self.error("`)` is missing")) }
    }

    fn number(&mut self) -> Read<()> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start;
        while let Some(byte) = bytes.get(end) {
            let exponent = matches!(byte, b'e' | b'E')
                && match bytes.get(end + 1) {
                    Some(b'+' | b'-') => bytes.get(end + 2).is_some_and(u8::is_ascii_digit),
                    Some(next) => next.is_ascii_digit(),
                    None => false,
                };
            let sign = matches!(byte, b'+' | b'-') && end > start && matches!(bytes[end - 1], b'e' | b'E');
            if !(byte.is_ascii_digit() || *byte == b'.' || exponent || sign) {
                break;
            }
            end += 1;
        }
        match self.text[start..end].parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.operand(Step::Constant(value))?;
                self.at = end;
                Ok(())
            }
            _ => Err(self.error(format!("`{}` is no number", &self.text[start..end]))),
        }
    }

    fn name_or_call(&mut self) -> Read<()> {
        let start = self.at;
        let name = self.name()?;
        let end = self.at;
        if self.takes('(') {
            let Some(function) = Function::named(&name) else {
                self.at = start;
                let known: Vec<&str> = Function::NAMES.iter().map(|(name, _)| *name).collect();
                return Err(self.error(format!("there is no function `{name}` (there are {})", known.join(", "))));
            };
            return self.call(function, &name);
        }
        self.at = end;
        if name == "pi" {
            return self.operand(Step::Constant(std::f64::consts::PI));
        }
        let index = self.expression.names.iter().position(|known| *known == name).unwrap_or_else(|| {
            self.expression.names.push(name);
            self.expression.names.len() - 1
        });
        self.operand(Step::Name(index))
    }

    fn call(&mut self, function: Function, name: &str) -> Read<()> {
        let mut count = 0;
        loop {
            self.sum()?;
            count += 1;
            if function.takes_several() && count > 1 {
                self.join(Step::Call(function));
            }
            if !self.takes(',') {
                break;
            }
            if !function.takes_several() {
                return Err(self.error(format!("`{name}` takes one number")));
            }
        }
        if function.takes_several() {
            if count < 2 {
                return Err(self.error(format!("`{name}` takes two numbers or more")));
            }
        } else {
            self.expression.steps.push(Step::Call(function));
        }
        self.closing()
    }

    /// A name, or names joined by dots; those that are more than letters, digits and `_` stand in quotes.
    fn name(&mut self) -> Read<String> {
        let start = self.at;
        loop {
            if self.peek() == Some('"') {
                let Some(length) = self.text[self.at + 1..].find('"') else {
                    return Err(self.error("a second `\"` is missing"));
                };
                self.at += length + 2;
            } else {
                let rest = &self.text[self.at..];
                let length = rest.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                match length.unwrap_or(rest.len()) {
                    0 => return Err(self.error("a name is missing")),
                    length => self.at += length,
                }
            }
            if self.peek() != Some('.') {
                return Ok(self.text[start..self.at].to_owned());
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_and_where() {
        for (text, at, message) in [
            ("", 1, "ends too soon"),
            ("1 +", 4, "ends too soon"),
            ("2 x", 3, "operator is missing"),
            ("(1 + 2", 7, "`)` is missing"),
            ("1 + 2)", 6, "no `(`"),
            ("sine(x)", 1, "no function `sine`"),
            ("exp(1, 2)", 7, "one number"),
            ("max(1)", 6, "two numbers"),
            ("1..2", 1, "no number"),
            ("x % 2", 3, "operator is missing"),
            ("a.", 3, "name is missing"),
            ("\"a", 1, "second"),
            ("µ + é * $", 9, "`$` does not fit"),
            ("1e999", 1, "no number"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.message.contains(message) && error.at == at, "{text}: {error}");
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let deep = |count: usize| format!("{}x{}", "(1 + ".repeat(count), ")".repeat(count));
        assert!(parse(&deep(15)).is_ok());
        assert!(parse(&deep(16)).unwrap_err().message.contains("operands"));
        assert!(parse(&format!("{}x{}", "(".repeat(70), ")".repeat(70))).unwrap_err().message.contains("nested"));
        assert!(parse(&format!("x{}", "^x".repeat(70))).is_err());
        // No stack overflow, however long.
        assert!(parse(&"(".repeat(1_000_000)).is_err());
        assert!(parse(&"-".repeat(1_000_000)).is_err());
    }
}
