//! Changes JSON as a tree, so that most inputs stay JSON: bytes that were
//! flipped anywhere rarely do, and say little beyond the first brace.

use serde_json::{Value, json};

/// What stands where it should not, or means much where it stands.
fn odd(random: &mut Random) -> Value {
    let words = [
        "",
        " ",
        "enabled",
        "Disabled",
        "all_users",
        "unknownFutureValue",
        "group",
        "user",
        "high",
        "policyOID",
        "issuerSubject",
        "issuerSubjectAndPolicyOID",
        "x509CertificateMultiFactor",
        "PrincipalName",
        "SKI",
        "certificateUserIds",
        "1.2.3",
        "1.02.3",
        "CN=a+OU=b,DC=c",
        "cn=\\2C a , dc=\"x,y\"",
        "0A:1b",
        "[x]",
        "[[x]",
        "# a: b",
        "- ",
        "::error::x",
        "##[error]x",
        "\u{202e}x\u{7}\n",
        "5e1f8b27-94d3-4a6c-b0f5-6c2a9d7e4b12",
        "9B7D4C3A-2E58-4F91-A6D0-8E3C5B1F7A24",
        "patch",
        "delete",
        "none",
        "X509Certificate",
        "İ",
        "ß",
        "\u{85}",
        "yes",
        "010",
        "1e3",
        "null",
        "~",
        "client_secret: x",
    ];
    match random.below(12) {
        0 => Value::Null,
        1 => random.below(2).eq(&0).into(),
        2 => json!(random.below(4)),
        3 => json!(-1),
        4 => json!(i64::MAX),
        5 => json!(0.1 + random.below(9) as f64 * 1e22),
        6 => json!([]),
        7 => json!({}),
        _ => words[random.below(words.len())].into(),
    }
}

/// A small generator (xorshift); the fuzzer gives the seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end.max(1) as u64) as usize
    }
}

pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed) << 1 | 1);
    random.below(1);
    let tree = serde_json::from_slice::<Value>(&data[..size]);
    let Some(mut tree) = tree.ok().filter(|_| random.below(10) > 0) else {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    };
    for _ in 0..=random.below(3) {
        let whole = tree.clone();
        let at = random.below(count(&whole));
        let from = random.below(count(&whole));
        let part = nth(&whole, from).cloned().unwrap_or_default();
        if let Some(node) = nth_mut(&mut tree, at) {
            change(node, part, &mut random);
        }
    }
    let text = tree.to_string();
    if text.len() > max_size {
        return libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    }
    data[..text.len()].copy_from_slice(text.as_bytes());
    text.len()
}

/// `part` is some other part of the same tree.
fn change(node: &mut Value, part: Value, random: &mut Random) {
    match node {
        Value::Array(items) if random.below(4) > 0 => {
            let at = random.below(items.len() + 1);
            match random.below(4) {
                0 if !items.is_empty() => drop(items.remove(at % items.len())),
                1 if !items.is_empty() => {
                    let (one, other) = (at % items.len(), random.below(items.len()));
                    items.swap(one, other);
                }
                2 if !items.is_empty() => {
                    let twin = items[at % items.len()].clone();
                    items.push(twin);
                }
                _ => items.insert(at, part),
            }
        }
        Value::Object(members) if random.below(4) > 0 => {
            let names: Vec<String> = members.keys().cloned().collect();
            let name = names.get(random.below(names.len())).cloned();
            let name = name.unwrap_or_default();
            match random.below(4) {
                0 => drop(members.shift_remove(&name)),
                1 => drop(members.insert(name, odd(random))),
                2 => drop(members.insert(odd(random).as_str().unwrap_or("x").into(), part)),
                _ => drop(members.insert(name, part)),
            }
        }
        Value::String(text) if random.below(3) == 0 => {
            // Other spellings of one value.
            *text = match random.below(5) {
                0 => text.to_uppercase(),
                1 => text.to_lowercase(),
                2 => format!(" {text} "),
                3 => text.chars().rev().collect(),
                _ => format!("{text}{}", odd(random).as_str().unwrap_or(",")),
            };
        }
        node => {
            *node = if random.below(2) == 0 {
                part
            } else {
                odd(random)
            }
        }
    }
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(items) => Box::new(items.iter()),
        Value::Object(members) => Box::new(members.values()),
        _ => Box::new(std::iter::empty()),
    }
}

fn count(value: &Value) -> usize {
    1 + children(value).map(count).sum::<usize>()
}

fn nth(value: &Value, mut index: usize) -> Option<&Value> {
    if index == 0 {
        return Some(value);
    }
    index -= 1;
    for child in children(value) {
        let below = count(child);
        if index < below {
            return nth(child, index);
        }
        index -= below;
    }
    None
}

fn nth_mut(value: &mut Value, mut index: usize) -> Option<&mut Value> {
    if index == 0 {
        return Some(value);
    }
    index -= 1;
    let children: Box<dyn Iterator<Item = &mut Value> + '_> = match value {
        Value::Array(items) => Box::new(items.iter_mut()),
        Value::Object(members) => Box::new(members.values_mut()),
        _ => return None,
    };
    for child in children {
        let below = count(child);
        if index < below {
            return nth_mut(child, index);
        }
        index -= below;
    }
    None
}
