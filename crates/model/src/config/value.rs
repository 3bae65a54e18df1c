//! Scalars of TOML.

use crate::scenario::Setting;
use toml::de::{DeTable, DeValue};

/// A number that carries no unit; NaN and infinity are written as such in TOML.
pub(super) fn number_without_unit(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Integer(integer) if integer.radix() == 10 => integer.as_str().replace('_', "").parse().ok(),
        DeValue::Integer(integer) => {
            i64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok().map(|whole| whole as f64)
        }
        DeValue::Float(float) => float.as_str().replace('_', "").parse().ok(),
        _ => None,
    }
}

/// A whole number of 0 or more.
pub(super) fn whole(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(integer) => u64::from_str_radix(&integer.as_str().replace('_', ""), integer.radix()).ok(),
        _ => None,
    }
}

/// A value whose place decides what it means.
pub(super) fn scalar(value: &DeValue<'_>) -> Option<Setting> {
    match value {
        DeValue::String(text) => Some(Setting::Text(text.to_string())),
        DeValue::Boolean(flag) => Some(Setting::Flag(*flag)),
        other => number_without_unit(other).map(Setting::Number),
    }
}

/// A value whose place decides what it means, or a list of such values.
pub(super) fn setting(value: &DeValue<'_>) -> Option<Setting> {
    match value {
        DeValue::Array(array) => {
            array.iter().map(|item| scalar(item.get_ref())).collect::<Option<_>>().map(Setting::List)
        }
        other => scalar(other),
    }
}

/// What [`setting`] takes, in words.
pub(super) const SETTING: &str = "a number, a text, a switch, or a list of these in brackets";

/// What a value is, in words.
pub(super) fn kind_of(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(_) | DeValue::Float(_) => "a number".into(),
        DeValue::Boolean(_) => "a switch".into(),
        DeValue::Datetime(_) => "a date".into(),
        DeValue::Array(_) => "a list".into(),
        DeValue::Table(_) => "a table".into(),
    }
}

/// The value of `--set PATH=VALUE`: a number, a switch, a list of values in brackets, or else a text. Texts stand with or
/// without quotes; those of a list that hold a comma or a bracket, with them.
pub(super) fn setting_from_argument(text: &str) -> Setting {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return list_from_argument(text, inner);
    }
    match text {
        "true" => return Setting::Flag(true),
        "false" => return Setting::Flag(false),
        _ => {}
    }
    if let Ok(number) = text.parse::<f64>()
        && text.bytes().any(|byte| byte.is_ascii_digit())
    {
        return Setting::Number(number);
    }
    let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
    Setting::Text(unquoted.to_owned())
}

/// A list as TOML writes it, or one whose quotes the shell has taken.
fn list_from_argument(text: &str, inner: &str) -> Setting {
    let written = format!("list = {text}");
    let list = DeTable::parse(&written).ok().and_then(|table| setting(table.get_ref().get("list")?.get_ref()));
    list.unwrap_or_else(|| {
        let texts = inner.split(',').map(str::trim).filter(|text| !text.is_empty());
        Setting::List(texts.map(setting_from_argument).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_stand_in_brackets_with_or_without_quotes() {
        let texts =
            |texts: &[&str]| Setting::List(texts.iter().map(|text| Setting::Text((*text).to_owned())).collect());
        assert_eq!(setting_from_argument(" [\"rate.E\", 'rate.I'] "), texts(&["rate.E", "rate.I"]));
        assert_eq!(setting_from_argument("[rate.E, rate.\"A B\"]"), texts(&["rate.E", "rate.\"A B\""]));
        assert_eq!(setting_from_argument("[\"a, b\", \"c]\"]"), texts(&["a, b", "c]"]));
        assert_eq!(setting_from_argument("[]"), texts(&[]));
        let mixed = Setting::List(vec![Setting::Number(1.5), Setting::Flag(true), Setting::Text("3 ms".into())]);
        for written in ["[1.5, true, \"3 ms\"]", "[1.5, true, 3 ms]"] {
            assert_eq!(setting_from_argument(written), mixed);
        }
        assert_eq!(setting_from_argument(&mixed.to_string()), mixed);
        assert_eq!(setting_from_argument("E[3]"), Setting::Text("E[3]".into()));
    }
}
