//! What stands where a secret would stand, and is none.

/// Parts that no issued secret has.
const MARKS: &[&str] = &[
    "example",
    "xxxx",
    "****",
    "....",
    "…",
    "redacted",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "replace_me",
    "replace-me",
    "replaceme",
    "your_",
    "your-",
    "yourtoken",
    "yourkey",
    "yourpassword",
    "my-secret",
    "mysecret",
    "dummy",
    "insert_",
    "insert-",
    "<",
    ">",
    "${",
    "{{",
    "$(",
    "%(",
    "todo",
];

/// Whole values that are words of a manual.
const WORDS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "passwort",
    "kennwort",
    "contraseña",
    "motdepasse",
    "senha",
    "secret",
    "secrets",
    "token",
    "key",
    "apikey",
    "api_key",
    "user",
    "username",
    "admin",
    "root",
    "test",
    "none",
    "null",
    "nil",
    "undefined",
    "true",
    "false",
    "empty",
    "string",
    "str",
    "text",
    "hidden",
    "required",
    "optional",
    "value",
    "default",
    "unset",
    "foo",
    "bar",
    "foobar",
    "hunter2",
    "localhost",
    "auto",
    "env",
    "environment",
    "vault",
    "field",
    "bearer",
    "basic",
    "type",
    "object",
    "number",
    "integer",
    "boolean",
    "byte",
    "bytes",
    "yes",
    "no",
    "disabled",
    "enabled",
    "id",
    "pass123",
    "password123",
    "secret123",
    "letters",
    "digits",
];

/// True for a value that stands for a secret and is none.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.trim_matches(|char: char| "\"'`.,;:()[]".contains(char)).to_lowercase();
    let distinct = lower.chars().filter(|char| char.is_alphanumeric()).collect::<std::collections::BTreeSet<_>>().len();
    let variable =
        value.starts_with(['$', '%', '{', '@', '&', '*', '!']) && !value.chars().any(|char| char.is_lowercase());
    lower.is_empty()
        || distinct < 4
        || variable
        || WORDS.contains(&lower.as_str())
        || MARKS.iter().any(|mark| lower.contains(mark))
        || is_run(&lower)
}

/// True for a run along the alphabet or the digits, such as `abcdef123456`.
fn is_run(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    let steps = bytes.windows(2).filter(|pair| pair[1] == pair[0] || pair[1] == pair[0].wrapping_add(1)).count();
    bytes.len() >= 6 && steps * 10 >= (bytes.len() - 1) * 8
}
