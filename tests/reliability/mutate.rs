//! Files as a tired or a hostile hand would change them.

use rand::RngExt;
use rand::rngs::SmallRng;
use rand::seq::IndexedRandom;

/// Numbers that programs stumble over.
const NUMBERS: [&str; 22] = [
    "0",
    "-0.0",
    "-1",
    "1e308",
    "-1e308",
    "1e-308",
    "5e-324",
    "1e-100",
    "nan",
    "inf",
    "-inf",
    "1e9",
    "1e-9",
    "0.5",
    "2",
    "1_000",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "0x7f",
    "1e400",
    "3.000000001",
];
/// Texts that programs stumble over.
const TEXTS: [&str; 20] = [
    "",
    " ",
    ".",
    "..",
    "/",
    "a.b",
    "a,b",
    "\\u0000",
    "\\n",
    "\u{202e}x",
    "ééé",
    "=1+1",
    "E[0]",
    "rate.E",
    "0 ms",
    "-5 Hz",
    "1e300 Hz",
    "5 furlongs",
    "10 min",
    "💥",
];

/// A file changed at one to three places. Where `gently`, in its values only.
pub fn mutated(text: &[u8], others: &[Vec<u8>], gently: bool, random: &mut SmallRng) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..random.random_range(1..=3) {
        let way = if gently { random.random_range(0..4) } else { random.random_range(0..12) };
        bytes = match way {
            0..=2 => number(&bytes, random),
            3 => quoted(&bytes, others, random),
            4..=8 => lines(&bytes, others, way, random),
            _ => raw(bytes, way, random),
        };
    }
    bytes
}

/// A place in a text that fulfils something, from a random one on.
fn place(bytes: &[u8], random: &mut SmallRng, fits: impl Fn(u8) -> bool) -> Option<usize> {
    let start = random.random_range(0..=bytes.len());
    (start..bytes.len()).chain(0..start).find(|place| fits(bytes[*place]))
}

/// Another number in the place of one.
fn number(bytes: &[u8], random: &mut SmallRng) -> Vec<u8> {
    let Some(place) = place(bytes, random, |byte| byte.is_ascii_digit()) else { return bytes.to_vec() };
    let is_part = |byte: &u8| byte.is_ascii_digit() || b".eE+-_".contains(byte);
    let start = bytes[..place].iter().rposition(|byte| !is_part(byte)).map_or(0, |before| before + 1);
    let end = place + bytes[place..].iter().position(|byte| !is_part(byte)).unwrap_or(bytes.len() - place);
    let old = String::from_utf8_lossy(&bytes[start..end]).parse::<f64>().unwrap_or(1.0);
    let new = match random.random_range(0..3) {
        0 => NUMBERS.choose(random).unwrap().to_string(),
        1 => format!("{}", old * random.random_range(0.1..10.0)),
        _ => format!("{}", old * [10.0, 1e3, 1e6, -1.0, 1e-3, 1e-6][random.random_range(0..6)]),
    };
    [&bytes[..start], new.as_bytes(), &bytes[end..]].concat()
}

/// Another text between quotes: an odd one, or one of any file.
fn quoted(bytes: &[u8], others: &[Vec<u8>], random: &mut SmallRng) -> Vec<u8> {
    let Some(open) = place(bytes, random, |byte| byte == b'"') else { return bytes.to_vec() };
    let Some(length) = bytes[open + 1..].iter().position(|byte| *byte == b'"') else { return bytes.to_vec() };
    let other = others.choose(random).unwrap();
    let new = match random.random_range(0..3) {
        0 => TEXTS.choose(random).unwrap().as_bytes(),
        _ => other.split(|byte| *byte == b'"').skip(1).step_by(2).nth(random.random_range(0..20)).unwrap_or(b"E"),
    };
    [&bytes[..=open], new, &bytes[open + 1 + length..]].concat()
}

/// Lines lost, doubled, moved, or from another file.
fn lines(bytes: &[u8], others: &[Vec<u8>], way: u32, random: &mut SmallRng) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
    let other = others.choose(random).unwrap();
    let of_other: Vec<&[u8]> = other.split(|byte| *byte == b'\n').collect();
    let (one, two) = (random.random_range(0..lines.len()), random.random_range(0..lines.len()));
    match way {
        4 => {
            lines.remove(one);
        }
        5 => lines.insert(two, lines[one]),
        6 => lines.swap(one, two),
        7 => lines.insert(one, of_other[random.random_range(0..of_other.len())]),
        _ => {
            // A key of another line, with the value of this one.
            let key = lines[two].split(|byte| *byte == b'=').next().unwrap_or_default();
            let value = lines[one].splitn(2, |byte| *byte == b'=').nth(1).unwrap_or_default();
            let joined = [key, b"=", value].concat();
            let mut all: Vec<Vec<u8>> = lines.iter().map(|line| line.to_vec()).collect();
            all[one] = joined;
            return all.join(&b'\n');
        }
    }
    lines.join(&b'\n')
}

/// Bytes lost, added or flipped.
fn raw(mut bytes: Vec<u8>, way: u32, random: &mut SmallRng) -> Vec<u8> {
    if bytes.is_empty() {
        return bytes;
    }
    let at = random.random_range(0..bytes.len());
    match way {
        9 => bytes[at] ^= 1 << random.random_range(0..8),
        10 => {
            let end = (at + random.random_range(1..40)).min(bytes.len());
            bytes.drain(at..end);
        }
        _ => {
            if random.random_bool(0.2) {
                bytes.truncate(at);
            } else {
                let new = *b"[]{}\"'=.,#\\\n\0\xff".choose(random).unwrap();
                bytes.insert(at, new);
            }
        }
    }
    bytes
}
