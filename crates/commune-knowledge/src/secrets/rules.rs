//! Secrets by their shape: tokens of providers by their public formats, key blocks, seeds, headers, URLs.

use super::placeholder::is_placeholder;
use regex::Regex;
use std::sync::LazyLock;

/// What a match must pass besides its shape; the group `v`, or the whole match, is the value.
#[derive(Clone, Copy, PartialEq)]
enum Check {
    /// Not a placeholder.
    Value,
    /// Nothing: the shape alone is enough.
    Shape,
    /// A seed of NATS with a valid check sum.
    Seed,
}

/// A shape: its name, its expression, its check, and whether its beginning is so rare that it is looked for in
/// pieces that were put together, too.
type Shape = (&'static str, &'static str, Check, bool);

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    ("commune-token", r"cmn_[mso]_[A-Za-z0-9]{43}_[A-Za-z0-9]{6}", Check::Shape, true),
    ("aws-access-key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}", Check::Value, true),
    ("github-token", r"gh[pousr]_[A-Za-z0-9]{36,251}", Check::Value, true),
    ("github-token", r"github_pat_[A-Za-z0-9_]{60,255}", Check::Value, true),
    ("gitlab-token", r"gl(?:pat|dt|rt|ptt|ft|soat|cbt|oas|agent)-[A-Za-z0-9_-]{20,}", Check::Value, true),
    ("slack-token", r"xox[abeoprs]-(?:[A-Za-z0-9]+-)*[A-Za-z0-9-]{10,}", Check::Value, true),
    ("slack-token", r"xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]{20,}", Check::Value, true),
    ("slack-webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/-]{30,}", Check::Value, true),
    ("discord-webhook", r"discord(?:app)?\.com/api/webhooks/\d{16,20}/[A-Za-z0-9_-]{50,}", Check::Value, true),
    ("discord-token", r"[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}", Check::Value, false),
    ("stripe-key", r"(?:sk|rk)_(?:live|test|prod)_[A-Za-z0-9]{16,}", Check::Value, true),
    ("stripe-key", r"whsec_[A-Za-z0-9+/=]{24,}", Check::Value, true),
    ("anthropic-key", r"sk-ant-[a-z0-9]+-[A-Za-z0-9_-]{24,}", Check::Value, true),
    ("openai-key", r"sk-(?:proj|svcacct|admin|None)-[A-Za-z0-9_-]{24,}", Check::Value, true),
    ("openai-key", r"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}", Check::Value, true),
    ("model-key", r"sk-(?:or-v1-|lf-)?[A-Za-z0-9]{32,}", Check::Value, false),
    ("google-api-key", r"AIza[A-Za-z0-9_-]{35}", Check::Value, true),
    ("google-oauth", r"GOCSPX-[A-Za-z0-9_-]{28}", Check::Value, true),
    ("google-oauth", r"ya29\.[A-Za-z0-9_-]{30,}", Check::Value, true),
    ("npm-token", r"npm_[A-Za-z0-9]{36}", Check::Value, true),
    ("pypi-token", r"pypi-AgE[A-Za-z0-9_-]{50,}", Check::Value, true),
    ("crates-token", r"cio[A-Za-z0-9]{32}", Check::Value, false),
    ("rubygems-token", r"rubygems_[a-f0-9]{48}", Check::Value, true),
    ("huggingface-token", r"(?:hf|api_org)_[A-Za-z]{34}", Check::Value, true),
    ("sendgrid-key", r"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}", Check::Value, true),
    ("twilio-key", r"(?:SK|AC)[0-9a-f]{32}", Check::Value, false),
    ("telegram-token", r"\d{8,10}:AA[A-Za-z0-9_-]{32,34}", Check::Value, false),
    ("digitalocean-token", r"do[por]_v1_[a-f0-9]{64}", Check::Value, true),
    ("doppler-token", r"dp\.(?:pt|st|sa|ct|scim|audit)\.[A-Za-z0-9._-]{40,}", Check::Value, true),
    ("databricks-token", r"dapi[a-f0-9]{32}", Check::Value, false),
    ("linear-key", r"lin_(?:api|oauth)_[A-Za-z0-9]{40,}", Check::Value, true),
    ("notion-token", r"ntn_[A-Za-z0-9]{40,}", Check::Value, true),
    ("vault-token", r"hv[sbr]\.[A-Za-z0-9_-]{24,}", Check::Value, true),
    ("terraform-token", r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_=-]{60,}", Check::Value, true),
    ("shopify-token", r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", Check::Value, true),
    ("postman-key", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}", Check::Value, true),
    ("age-key", r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}", Check::Value, true),
    ("tailscale-key", r"tskey-[a-z]+-[A-Za-z0-9]+-[A-Za-z0-9]{20,}", Check::Value, true),
    ("groq-key", r"gsk_[A-Za-z0-9]{48,56}", Check::Value, true),
    ("xai-key", r"xai-[A-Za-z0-9]{60,}", Check::Value, true),
    ("perplexity-key", r"pplx-[A-Za-z0-9]{40,}", Check::Value, true),
    ("replicate-token", r"r8_[A-Za-z0-9]{37}", Check::Value, true),
    ("grafana-token", r"gl(?:sa|c)_[A-Za-z0-9+/=]{32,}(?:_[a-fA-F0-9]{8})?", Check::Value, true),
    ("newrelic-key", r"NR(?:AK|AL|II|JS|RA)-[A-Za-z0-9_-]{19,32}", Check::Value, true),
    ("supabase-key", r"sb(?:p|_secret|_publishable)_[A-Za-z0-9_-]{20,40}", Check::Value, true),
    ("mailgun-key", r"key-[a-f0-9]{32}", Check::Value, false),
    ("mailchimp-key", r"[a-f0-9]{32}-us\d{1,2}", Check::Value, false),
    ("docker-token", r"dckr_(?:pat|oat)_[A-Za-z0-9_-]{20,}", Check::Value, true),
    ("atlassian-token", r"ATATT3[A-Za-z0-9_=-]{100,}", Check::Value, true),
    ("square-token", r"(?:EAAA[A-Za-z0-9_-]{56,}|sq0(?:atp|csp)-[A-Za-z0-9_-]{22,})", Check::Value, false),
    ("azure-key", r"(?:AccountKey|SharedAccessKey)=(?P<v>[A-Za-z0-9+/]{40,}={0,2})", Check::Value, true),
    ("azure-key", r"[?&]sig=(?P<v>[A-Za-z0-9%+/=]{40,})", Check::Value, false),
    ("nats-seed", r"S[UAOCNX][A-Z2-7]{56}", Check::Seed, false),
    ("jwt", r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}", Check::Value, true),
    ("private-key", r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----", Check::Shape, false),
    ("private-key", r"-----BEGIN (?:[A-Z]+ )?NKEY SEED-----", Check::Shape, false),
    ("private-key", r"PuTTY-User-Key-File-\d:", Check::Shape, false),
    ("url-credentials", r#"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@"'<>`]{0,80}:(?P<v>[^\s@/"'<>`]{3,200})@[A-Za-z0-9\[]"#, Check::Value, false),
    ("authorization-header", r#"(?i)authorization["']?\s*[:=]\s*["']?(?:bearer|basic|token|apikey)\s+(?P<v>[A-Za-z0-9._~+/=-]{8,})"#, Check::Value, false),
    ("authorization-header", r"(?i)\bbearer\s+(?P<v>[A-Za-z0-9._~+/=-]{24,})", Check::Value, false),
    ("command-credentials", r#"(?:\s-u|--user|--userpwd)[ =]["']?[\w.@+-]{1,60}:(?P<v>[^\s"'`]{4,200})"#, Check::Value, false),
];

struct Rule {
    name: &'static str,
    strict: Regex,
    loose: Option<Regex>,
    check: Check,
}

/// A shape that fails to compile finds nothing; a test holds that each compiles.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| SHAPES.iter().filter_map(compiled).collect());

fn compiled((name, shape, check, rare): &Shape) -> Option<Rule> {
    // The expression keeps a word's beginning apart from what stands before it, where it begins with a word.
    let begins_with_word = !shape.starts_with(['-', '[']) && !shape.contains("(?i)") && !shape.starts_with(r"(?:\s");
    let strict = if begins_with_word { format!(r"\b(?:{shape})") } else { (*shape).to_owned() };
    let loose = if *rare { Some(Regex::new(shape).ok()?) } else { None };
    Some(Rule { name, strict: Regex::new(&strict).ok()?, loose, check: *check })
}

/// Finds secrets by shape. A loose view was put together from pieces: only rare beginnings are looked for.
pub(super) fn find(text: &str, loose: bool, found: &mut impl FnMut(&'static str, usize)) {
    for rule in RULES.iter() {
        let Some(expression) = (if loose { rule.loose.as_ref() } else { Some(&rule.strict) }) else { continue };
        for captures in expression.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            let value = captures.name("v").unwrap_or(whole).as_str();
            let holds = match rule.check {
                Check::Shape => true,
                Check::Value => !is_placeholder(value),
                Check::Seed => is_seed(value),
            };
            if holds && (!loose || is_random(value)) {
                found(rule.name, whole.start());
            }
        }
    }
}

/// True for what words that were put together hardly make: letters with several digits, or in mixed case with one.
fn is_random(value: &str) -> bool {
    let count = |kind: fn(&u8) -> bool| value.as_bytes().iter().take(60).filter(|byte| kind(byte)).count();
    let digits = count(u8::is_ascii_digit);
    digits >= 4 || (digits >= 1 && count(u8::is_ascii_uppercase) >= 4)
}

/// True for 58 characters of base 32 whose last two bytes are the CRC-16 (XMODEM) of the others.
fn is_seed(value: &str) -> bool {
    let mut bytes = Vec::with_capacity(36);
    let (mut buffer, mut bits) = (0_u32, 0);
    for byte in value.bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'2'..=b'7' => byte - b'2' + 26,
            _ => return false,
        };
        buffer = (buffer << 5 | u32::from(digit)) & 0xffff;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((buffer >> bits & 0xff) as u8);
        }
    }
    let Some((sum, payload)) = bytes.split_last_chunk::<2>().map(|(payload, sum)| (sum, payload)) else { return false };
    let crc = payload.iter().fold(0_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte) << 8, |crc, _| if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 })
    });
    crc.to_le_bytes() == *sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_compiles() {
        assert_eq!(RULES.len(), SHAPES.len());
    }
}
