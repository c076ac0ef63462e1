//! The formulas: a closed grammar, bounded in length and depth.
//!
//! ```text
//! sum     = product (("+" | "-") product)*
//! product = sign (("*" | "/" | "%") sign)*
//! sign    = ("+" | "-") sign | power
//! power   = atom ("^" sign)?          right to left, before a sign on its left
//! atom    = number | name | name "(" sum ("," sum)* ")" | "(" sum ")"
//! ```

/// Longer formulas are refused.
const LONGEST: usize = 10_000;
/// Deeper nesting is refused.
const DEEPEST: usize = 100;

/// The value, rounded to the 15 digits that a double surely holds, so that
/// 0.1 + 0.2 is 0.3.
pub(super) fn evaluate(text: &str) -> Result<f64, String> {
    if text.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} characters"));
    }
    let mut reader = Reader { text, at: 0, depth: 0 };
    let value = reader.sum()?;
    match reader.peek() {
        Some(letter) => Err(reader.unexpected(letter)),
        None => round(value),
    }
}

fn round(value: f64) -> Result<f64, String> {
    if !value.is_finite() {
        return Err("the result is not a number (a division by zero, or too large)".to_owned());
    }
    Ok(format!("{value:.14e}").parse().unwrap_or(value))
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn peek(&mut self) -> Option<char> {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
        self.text[self.at..].chars().next()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += if found { wanted.len_utf8() } else { 0 };
        found
    }

    fn unexpected(&self, letter: char) -> String {
        let position = self.text[..self.at].chars().count() + 1;
        format!("{letter:?} is not expected at position {position}")
    }

    fn sum(&mut self) -> Result<f64, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it nests deeper than {DEEPEST} levels"));
        }
        let mut value = self.product()?;
        loop {
            if self.take('+') {
                value += self.product()?;
            } else if self.take('-') {
                value -= self.product()?;
            } else {
                self.depth -= 1;
                return Ok(value);
            }
        }
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut value = self.sign()?;
        loop {
            if self.take('*') {
                value *= self.sign()?;
            } else if self.take('/') {
                value /= self.sign()?;
            } else if self.take('%') {
                value %= self.sign()?;
            } else {
                return Ok(value);
            }
        }
    }

    fn sign(&mut self) -> Result<f64, String> {
        let mut negative = false;
        loop {
            if self.take('-') {
                negative = !negative;
            } else if !self.take('+') {
                break;
            }
        }
        let value = self.power()?;
        Ok(if negative { -value } else { value })
    }

    fn power(&mut self) -> Result<f64, String> {
        let base = self.atom()?;
        if !self.take('^') {
            return Ok(base);
        }
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("it nests deeper than {DEEPEST} levels"));
        }
        let exponent = self.sign()?;
        self.depth -= 1;
        Ok(base.powf(exponent))
    }

    fn atom(&mut self) -> Result<f64, String> {
        if self.take('(') {
            let value = self.sum()?;
            return self.close().map(|()| value);
        }
        match self.peek() {
            None => Err("it ends too early".to_owned()),
            Some(letter) if letter.is_ascii_digit() || letter == '.' => self.number(),
            Some(letter) if letter.is_ascii_alphabetic() => self.named(),
            Some(letter) => Err(self.unexpected(letter)),
        }
    }

    fn close(&mut self) -> Result<(), String> {
        if self.take(')') {
            return Ok(());
        }
        match self.peek() {
            None => Err("a parenthesis is not closed".to_owned()),
            Some(letter) => Err(self.unexpected(letter)),
        }
    }

    fn word(&mut self, part: impl Fn(char) -> bool) -> &'t str {
        let rest = &self.text[self.at..];
        let word = &rest[..rest.find(|letter| !part(letter)).unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn number(&mut self) -> Result<f64, String> {
        let mut digits = self.word(|letter| letter.is_ascii_digit() || letter == '.').to_owned();
        let rest = &self.text[self.at..];
        let mut after = rest.chars();
        // `2e3`, but not the constant in `2*e`.
        if matches!(after.next(), Some('e' | 'E')) && after.next().is_some_and(|next| "+-0123456789".contains(next)) {
            digits.push('e');
            digits.push_str(&rest[1..2]);
            self.at += 2;
            digits.push_str(self.word(|letter| letter.is_ascii_digit()));
        }
        digits.parse().map_err(|_| format!("{digits:?} is not a number"))
    }

    fn named(&mut self) -> Result<f64, String> {
        let name = self.word(|letter| letter.is_ascii_alphanumeric()).to_ascii_lowercase();
        if !self.take('(') {
            return match name.as_str() {
                "pi" => Ok(std::f64::consts::PI),
                "e" => Ok(std::f64::consts::E),
                _ => Err(format!("{name:?} is not known")),
            };
        }
        let mut arguments = vec![self.sum()?];
        while self.take(',') || self.take(';') {
            arguments.push(self.sum()?);
        }
        self.close()?;
        apply(&name, &arguments)
    }
}

fn apply(name: &str, arguments: &[f64]) -> Result<f64, String> {
    let value = match (name, arguments) {
        ("max", all) => all.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        ("min", all) => all.iter().copied().fold(f64::INFINITY, f64::min),
        ("pow", [base, exponent]) => base.powf(*exponent),
        ("mod", [value, divisor]) => value % divisor,
        ("round", [value, places]) if (0.0..=15.0).contains(places) => {
            let factor = 10_f64.powf(places.trunc());
            (value * factor + 0.5).floor() / factor
        }
        ("log", [value, base]) => value.ln() / base.ln(),
        (name, [value]) => function(name).ok_or_else(|| format!("the function {name:?} is not known"))?(*value),
        (name, _) => return Err(format!("the function {name:?} is not known with {} arguments", arguments.len())),
    };
    Ok(value)
}

fn function(name: &str) -> Option<fn(f64) -> f64> {
    Some(match name {
        "abs" => f64::abs,
        "acos" => f64::acos,
        "asin" => f64::asin,
        "atan" => f64::atan,
        "cbrt" => f64::cbrt,
        "ceil" => f64::ceil,
        "cos" => f64::cos,
        "exp" => f64::exp,
        "floor" => f64::floor,
        "ln" | "log" => f64::ln,
        "log10" => f64::log10,
        "log2" => f64::log2,
        // As JavaScript: halves go up (decision D12).
        "round" => |value| (value + 0.5).floor(),
        "sign" => |value| if value == 0.0 { 0.0 } else { value.signum() },
        "sin" => f64::sin,
        "sqrt" => f64::sqrt,
        "tan" => f64::tan,
        "trunc" => f64::trunc,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_have_their_usual_meaning() {
        for (formula, value) in [
            ("1 + 2 * 3", 7.0),
            ("(1 + 2) * 3", 9.0),
            ("0.1 + 0.2", 0.3),
            ("-2 ^ 2", -4.0),
            ("2 ^ 3 ^ 2", 512.0),
            ("2 ^ -1", 0.5),
            ("10 / 4 - 7 % 4", -0.5),
            ("--3", 3.0),
            ("1.5e3 + .5", 1500.5),
            ("sqrt(16) + max(1, 2; 3)", 7.0),
            ("round(2.345, 2)", 2.35),
            ("round(-2.5)", -2.0),
            ("2*PI", std::f64::consts::TAU),
            ("Log(8, 2)", 3.0),
            ("123456789012 * 10", 1_234_567_890_120.0),
        ] {
            assert_eq!(evaluate(formula).unwrap(), round(value).unwrap(), "{formula}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_its_place() {
        for (formula, words) in [
            ("", "ends too early"),
            ("1 2", "position 3"),
            ("1 / 0", "division by zero"),
            ("sqrt(-1)", "not a number"),
            ("(1", "not closed"),
            ("x + 1", "\"x\" is not known"),
            ("system(1)", "\"system\" is not known"),
            ("pow(1)", "\"pow\" is not known"),
            ("1.2.3", "\"1.2.3\" is not a number"),
            ("2 $ 3", "'$'"),
            (&"(".repeat(5000), "deeper"),
            (&"2^".repeat(4000), "deeper"),
            (&"-".repeat(20_000), "longer"),
        ] {
            let reason = evaluate(formula).unwrap_err();
            assert!(reason.contains(words), "{formula}: {reason}");
        }
    }
}
