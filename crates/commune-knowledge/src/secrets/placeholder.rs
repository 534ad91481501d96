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
    "dummy",
    "insert_",
    "insert-",
    "not-a-real",
    "not_a_real",
    "notreal",
    "sample",
    "secrethere",
    "tokenhere",
    "key_here",
    "key-here",
    "keyhere",
    "_here",
    "-here",
    "goes-here",
    "abcdefgh",
    "12345678",
    "deadbeef",
    "0000000",
    "<your",
    "yoursecret",
    "${",
    "{{",
    "$(",
    "%(",
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
    "pw",
    "psw",
    "mypass",
    "mypassword",
    "supersecret",
    "s3cr3t",
    "s3cret",
    "p4ssw0rd",
    "passw0rd",
    "p@ssw0rd",
    "mysecret",
    "my-secret",
    "mysecretpassword",
    "secret-token",
    "changeit",
    "todo",
    "fake",
    "qwerty",
    "letmein",
    "guest",
    "demo",
    "postgres",
    "mysql",
    "rabbitmq",
    "minio",
    "minioadmin",
    "sa",
    "wachtwoord",
    "пароль",
    "密码",
    "パスワード",
    "x",
    "abc",
    "abc123",
    "prompt",
    "stdin",
    "file",
    "manual",
    "missing",
    "invalid",
    "expired",
    "unknown",
    "rotated",
    "revoked",
    "correct",
    "incorrect",
    "wrong",
];

/// Samples that vendors publish in their own manuals, by xxh3 of the value: spelled here they would look like leaks.
const PUBLISHED: &[u64] = &[
    0xce555596716c94ba,
    0x095aacf02a5cbebb,
    0x74bf6ee34948fcda,
    0xaa2029d98944f656,
    0xf2c6b4b4d1e0ab2b,
    0xcf1f03e77543ea29,
    0x324aa7b2be28459e,
    0x16c75023d7d21c64,
    0xed117903e75e055f,
    0x99b6d4f9f82b6fe5,
    0x6490438c51a9729c,
    0x76983ce760190941,
    0xb9a4a4ca04b71520,
    0x1f179a813887f0df,
    0x11117c7c712b2e9a,
];

/// How hashes of passwords begin, which are no passwords, and names of resources.
const HASHES: &[&str] =
    &["$2a$", "$2b$", "$2y$", "$argon2", "$apr1$", "$5$", "$6$", "$y$", "$pbkdf2", "$scrypt", "{SSHA}", "arn:"];

/// True for a value that stands for a secret and is none.
pub(super) fn is_placeholder(value: &str) -> bool {
    let lower = value.trim_matches(|char: char| "\"'`.,;:()[]_*".contains(char)).to_lowercase();
    let distinct = lower.chars().filter(|char| char.is_alphanumeric()).collect::<std::collections::BTreeSet<_>>().len();
    let variable =
        value.starts_with(['$', '%', '{', '@', '&', '*', '!']) && !value.chars().any(|char| char.is_lowercase());
    lower.is_empty()
        || distinct < 4
        || variable
        || WORDS.contains(&lower.as_str())
        || lower.strip_prefix("my").is_some_and(|rest| WORDS.contains(&rest.trim_start_matches(['_', '-'])))
        || HASHES.iter().any(|begin| value.starts_with(begin))
        || MARKS.iter().any(|mark| lower.contains(mark))
        || is_run(&lower)
        || (value.starts_with('<') && value.ends_with('>'))
        || is_template(value)
        || is_published(value)
}

fn is_published(value: &str) -> bool {
    PUBLISHED.contains(&xxhash_rust::xxh3::xxh3_64(value.as_bytes()))
}

/// True for what is filled in later: `${NAME}`, `$NAME`, `{{ name }}`, `%NAME%`, `<name>`, `[name]`, `{name}`, `__NAME__`.
pub(super) fn is_template(value: &str) -> bool {
    let word =
        |text: &str| !text.is_empty() && text.chars().all(|char| char.is_alphanumeric() || "_.- :/?=".contains(char));
    let inside =
        |begin: &str, end: &str| value.strip_prefix(begin).and_then(|rest| rest.strip_suffix(end)).is_some_and(word);
    let named = |text: &str| word(text) && !text.chars().any(|char| char.is_ascii_digit());
    value.starts_with("${")
        || value.starts_with("{{")
        || value.starts_with("$(")
        || value.starts_with("#{")
        || value.starts_with("$env:")
        || value.strip_prefix('$').is_some_and(named)
        || value.strip_prefix('%').is_some_and(named)
        || inside("<", ">")
        || inside("{", "}")
        || inside("[", "]")
        || inside("%", "%")
        || inside("__", "__")
}

/// True for a run along the alphabet or the digits, such as `abcdef123456`.
fn is_run(lower: &str) -> bool {
    let bytes = lower.as_bytes();
    let steps = bytes.windows(2).filter(|pair| pair[1] == pair[0] || pair[1] == pair[0].wrapping_add(1)).count();
    bytes.len() >= 6 && steps * 10 >= (bytes.len() - 1) * 8
}
