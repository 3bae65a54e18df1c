//! Scalars of TOML.

use crate::scenario::Setting;
use toml::de::DeValue;

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

/// The value of `--set PATH=VALUE`: a number, a switch, or else a text (with or without quotes).
pub(super) fn setting_from_argument(text: &str) -> Setting {
    let text = text.trim();
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
