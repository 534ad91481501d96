//! Shapes that belong to no one provider: key blocks, seeds, tokens with a form of their own, addresses with a password in them.

use super::{Check::*, Shape};

#[rustfmt::skip]
pub(super) const SHAPES: &[Shape] = &[
    ("private-key", &["PRIVATE KEY"], r"-{2,5} ?BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)? ?-{2,5}", Certain, false),
    ("private-key", &["NKEY SEED"], r"-----BEGIN (?:[A-Z]+ )?NKEY SEED-----", Certain, false),
    ("private-key", &["PuTTY-User-Key-File-"], r"PuTTY-User-Key-File-\d:", Certain, false),
    ("private-key", &["Private-Lines", "Private-MAC"], r"Private-(?:Lines|MAC): ?[0-9a-f]+", Certain, false),
    ("private-key", &["SSH2 ENCRYPTED"], r"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", Certain, false),
    ("private-key", &["OpenVPN Static"], r"BEGIN OpenVPN Static key", Certain, false),
    // the magic words of an OpenSSH key, and of DER in base 64: a block without its frame
    ("private-key", &["b3BlbnNzaC1rZXktdjE"], r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=\s]{40,}", Value, true),
    ("private-key", &["MII", "MIG", "MHcCAQEE", "MC4CAQ"], r"(?:MII[A-Za-z0-9+/]{3}IBA[AD]|MIGHAgEAMBMGByqGSM49|MHcCAQEE|MC4CAQAwBQYDK2Vw)[A-Za-z0-9+/=\s\\]{40,}", Value, false),
    ("private-key", &["\"d\"", "'d'"], r#"["']kty["'].{0,600}["']d["']\s*:\s*["'](?P<v>[A-Za-z0-9_-]{40,})["']"#, Value, false),
    ("wireguard-key", &["PrivateKey", "PresharedKey"], r"(?:PrivateKey|PresharedKey)\s*=\s*(?P<v>[A-Za-z0-9+/]{43}=)", Value, false),
    ("age-key", &["AGE-SECRET-KEY-"], r"AGE-SECRET-KEY-(?:PQ-)?1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58,}", Value, true),
    ("nats-seed", &["SU", "SA", "SO", "SC", "SN", "SX"], r"S[UAOCNX][A-Z2-7]{56}", Seed, true),
    ("nats-seed", &["nats", "nkey", "seed"], r#"(?i)(?:nats|nkey|seed)[^\n]{0,40}?\b(?-i:(?P<v>S[UAOCNX][A-Z2-7]{56}))\b"#, Value, false),
    ("jwt", &["eyJ"], r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}", Value, true),
    ("jwe", &["eyJ"], r"eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{12,}\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}", Value, false),
    ("bitcoin-key", &["xprv", "yprv", "zprv", "tprv"], r"[xyzt]prv[1-9A-HJ-NP-Za-km-z]{107,}", Value, true),
    ("url-credentials", &["://"], r#"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s/:@"'<>`]{0,80}:(?P<v>[^\s"'<>`/]{3,200})@[A-Za-z0-9\[]"#, Account, false),
    ("url-credentials", &["://"], r#"[A-Za-z][A-Za-z0-9+.-]{1,20}://(?P<v>[A-Za-z0-9_-]{20,200})@[A-Za-z0-9\[]"#, Random, false),
    ("url-token", &["token=", "key=", "secret=", "password=", "passwd=", "pwd=", "signature=", "auth="], r#"[?&](?:[\w-]{0,20}(?:token|secret|password|passwd|signature)|api_?key|apikey|key|pwd|auth)=(?P<v>[A-Za-z0-9%._~+/-]{16,})"#, Random, false),
    ("authorization-header", &["authorization"], r#"(?i)authorization["'`]?\s*[:=,]\s*["'`]?(?:bearer|basic|token|apikey|api-key|digest|bot)\s+(?P<v>[A-Za-z0-9._~+/=-]{8,})"#, Account, false),
    ("authorization-header", &["bearer"], r"(?i)\bbearer\s+(?P<v>[A-Za-z0-9._~+/=-]{24,})", Random, false),
    ("authorization-header", &["-key:", "-token:", "private-token", "x-api", "x-auth"], r#"(?i)(?:x-(?:api|auth|access|vault|goog|functions|amz)-?[\w-]{0,20}|private-token|api-key)["'`]?\s*:\s*["'`]?(?P<v>[A-Za-z0-9._~+/=-]{16,})"#, Random, false),
    ("command-credentials", &["-u ", "-u", "--user", "--userpwd", "--proxy-user"], r#"(?:\s-u|--user|--userpwd|--proxy-user)[ =]{0,2}["']?[\w.@+-]{1,60}:(?P<v>[^\s"'`]{4,200})"#, Account, false),
    ("command-credentials", &["sshpass", "mysql", "mysqldump", "mariadb", "docker", "podman", "helm", "redis-cli", "mongo", "ldap", "az login", "7z", "zip", "htpasswd", "rabbitmqctl", "smbclient"],
        r#"(?:sshpass\s+-p|(?:mysql\w*|mariadb)\b[^\n|;]{0,80}?\s-p|(?:docker|podman|helm)\b[^\n|;]{0,80}?login[^\n|;]{0,80}?\s-p|redis-cli\b[^\n|;]{0,80}?\s-a|mongo\w*\b[^\n|;]{0,80}?\s-p|ldap\w+\b[^\n|;]{0,80}?\s-w|az login\b[^\n|;]{0,80}?\s-p|7z\b[^\n|;]{0,60}?\s-p|zip\b[^\n|;]{0,40}?\s-P|htpasswd\b[^\n|;]{0,60}?\s-b\w*\s+\S+\s+\S+|rabbitmqctl\s+(?:add_user|change_password)\s+\S+)\s{0,2}["']?(?P<v>[^\s"'`]{5,200})"#, Account, false),
    ("sql-password", &["identified by", "with password", "encrypted password", "set password"], r#"(?i)(?:identified\s+(?:with\s+\S+\s+)?by|(?:with|encrypted|set)\s+password)\s*=?\s*\(?["'](?P<v>[^"'\n]{4,200})["']"#, Account, false),
    ("netrc", &["login", "machine"], r"(?:machine\s+\S+\s+)?login\s+\S+\s+password\s+(?P<v>\S{4,200})", Account, false),
    ("xml-password", &["password>", "passphrase>", "secret>", "token>", "apikey>", "pwd>"], r"(?i)<(?:\w+[:.-])?\w*(?:password|passphrase|secret|token|apikey|pwd)>\s*(?P<v>[^<\s]{6,200})\s*</", Account, false),
    ("powershell-password", &["SecureString", "PSCredential"], r#"(?i)securestring\s+(?:-string\s+)?["'](?P<v>[^"'\n]{4,200})["']"#, Account, false),
    ("pgpass", &[":5432:", ":5433:", ":3306:", ":6432:"], r"[\w.*-]+:(?:\d{4,5}|\*):[\w*.-]+:[\w.*-]+:(?P<v>[^\s:]{5,200})", Account, false),
    ("otp-secret", &["otpauth://"], r"otpauth://[^\s]{0,200}?secret=(?P<v>[A-Z2-7a-z]{16,})", Certain, true),
    ("recovery-phrase", &["seed phrase", "mnemonic", "recovery phrase", "secret phrase", "seed words"], r#"(?i)(?:seed phrase|mnemonic(?: phrase)?|recovery phrase|secret phrase|seed words)["'`]?\s*(?:is|was|are|=|:)\s*["'`]?(?P<v>[a-z]{3,8}(?:[ ,]+[a-z]{3,8}){11,23})\b"#, Certain, false),
];
