//! Samples in a second hand: credentials as people and tools write them down, other than the generator of `../shared/data/secrets`
//! does. None was ever issued: each is made here, at run time, from a seed, so that no scanner takes this file for leaks.

use base64::{Engine, engine::general_purpose::STANDARD};

/// A text, its class, and whether a secret stands in it.
pub(crate) struct Sample {
    pub(crate) class: &'static str,
    pub(crate) text: String,
    pub(crate) secret: bool,
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Marsaglia's xorshift: enough to make values that nobody issued.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % sides
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| alphabet[self.roll(alphabet.len())]).collect()
    }

    fn key(&mut self, length: usize) -> String {
        self.of(&format!("{UPPER}{LOWER}{DIGITS}"), length)
    }

    /// As people choose them: a word, a sign, a number.
    fn password(&mut self) -> String {
        let words = ["Marigold", "Tangente", "Quokka", "Zephyr", "Ostsee", "Cascade"];
        let word = words[self.roll(words.len())];
        format!("{word}{}{}{}", ["_", "!", "#", "%"][self.roll(4)], self.of(DIGITS, 2), self.of(LOWER, 3))
    }
}

/// Fifty texts with a secret in them, and as many that only speak of one.
pub(crate) fn samples(seed: u64) -> Vec<Sample> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut all = Vec::new();
    let mut add = |class, text: String| all.push(Sample { class, text, secret: true });
    providers(&mut dice, &mut add);
    keys(&mut dice, &mut add);
    connections(&mut dice, &mut add);
    assignments(&mut dice, &mut add);
    prose(&mut dice, &mut add);
    obfuscated(&mut dice, &mut add);
    all.extend(negatives(&mut dice).into_iter().map(|text| Sample { class: "hard-negative", text, secret: false }));
    all
}

fn providers(dice: &mut Dice, add: &mut impl FnMut(&'static str, String)) {
    let d = dice;
    let mut provider = |text: String| add("provider", text);
    provider(format!("| service | credential |\n|---|---|\n| forge | `{}{}` |", "gho_", d.key(36)));
    provider(format!("2026-03-02T10:11:12Z WARN retrying with token={}{}", "glptt-", d.of(HEX, 40)));
    provider(format!("> {}-{}-{}-{} works for the bot", "xoxp", d.of(DIGITS, 11), d.of(DIGITS, 11), d.of(HEX, 32)));
    provider(format!("webhook secret for payments is {}{}", "whsec_", d.key(32)));
    provider(format!("`sops` needs {}1{}", "AGE-SECRET-KEY-", d.of("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58)));
    provider(format!("ntfy: https://api.telegram.org/bot{}:AA{}/sendMessage", d.of("123456789", 9), d.key(33)));
    provider(format!("import openai; openai.api_key = '{}{}'", "sk-svcacct-", d.key(60)));
    provider(format!("terraform cloud: {}.{}.{}", d.key(14), "atlasv1", d.key(64)));
    provider(format!("{}{} (mail relay, EU)", "xkeysib-", format_args!("{}-{}", d.of(HEX, 64), d.key(16))));
    provider(format!("aws configure → {}{} then eu-central-1", "ASIA", d.of("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16)));
    provider(format!("curl 'https://maps.example.net/js?key={}{}'", "AIza", d.key(35)));
    provider(format!("//registry.npmjs.org/:_authToken={}{}", "npm_", d.key(36)));
    provider(format!("pip: username __token__, password {}{}", "pypi-AgEIcHlwaS5vcmc", d.key(120)));
    provider(format!("DIGITALOCEAN: {}{}", "dop_v1_", d.of(HEX, 64)));
}

fn keys(d: &mut Dice, add: &mut impl FnMut(&'static str, String)) {
    let dash = "-".repeat(5);
    let mut key = |text: String| add("private-key", text);
    key(format!("```\n{dash}BEGIN ENCRYPTED PRIVATE KEY{dash}\n{}\n```", d.key(64)));
    key(format!("    {dash}BEGIN DSA PRIVATE KEY{dash}\n    {}", d.key(64)));
    key(format!("key: \"{dash}BEGIN EC PRIVATE KEY{dash}\\n{}\\n{dash}END EC PRIVATE KEY{dash}\"", d.key(64)));
    key(format!("PuTTY-User-Key-File-{}: ssh-ed25519\nEncryption: none", 3));
    key(format!("[Interface]\nPrivateKey = {}=\nAddress = fd00::2/64", d.key(43)));
}

fn connections(d: &mut Dice, add: &mut impl FnMut(&'static str, String)) {
    let mut url = |text: String| add("connection-string", text);
    url(format!("DSN=postgresql+asyncpg://reporter:{}@warehouse:5432/facts?sslmode=require", d.password()));
    url(format!("clickhouse://default:{}@ch-1:9000", d.key(12)));
    url(format!("Server=tcp:sql-7;Database=crm;User Id=crm;Password={};Encrypt=true", d.password()));
    url(format!("ftp://backup:{}@nas.lan/volume1", d.key(10)));
    url(format!("git remote set-url origin https://oauth2:{}@forge.lan/team/app.git", d.key(26)));
    url(format!("smtp://mailer%40shop:{}@relay:587", d.key(14)));
}

fn assignments(d: &mut Dice, add: &mut impl FnMut(&'static str, String)) {
    let mut line = |text: String| add("generic-assignment", text);
    line(format!("[database]\nuser = app\npassword = {}", d.password()));
    line(format!("ENV SMTP_PASS={}", d.password()));
    line(format!("<add key=\"ApiSecret\" value=\"{}\" />\n<password>{}</password>", d.key(24), d.password()));
    line(format!("  - name: JWT_SIGNING_KEY\n    value: x\nsigning_key: {}", d.key(40)));
    line(format!("mysql -u root -p{} shop < dump.sql", d.password()));
    line(format!("sshpass -p '{}' ssh deploy@build", d.password()));
    line(format!("x-api-key: {}", d.key(40)));
    line(format!("ALTER ROLE app WITH PASSWORD '{}';", d.password()));
    line(format!("{{\"clientSecret\":\"{}\",\"scope\":\"read\"}}", d.key(36)));
    line(format!("machine git.lan login ci password {}", d.password()));
}

fn prose(d: &mut Dice, add: &mut impl FnMut(&'static str, String)) {
    let mut said = |text: String| add("prose-password", text);
    said(format!("Heads up: they changed the router password to {} last week.", d.password()));
    said(format!("Das WLAN-Passwort im Büro ist {}, steht auch am Kühlschrank.", d.password()));
    said(format!("Le mot de passe du serveur est « {} ».", d.password()));
    said(format!("La clave del panel es {} (la cambia Marta).", d.password()));
    said(format!("La password del NAS è {}.", d.password()));
    said(format!("A senha do painel agora é {}", d.password()));
    said(format!("Het wachtwoord van de printer is {}.", d.password()));
    said(format!("Пароль от админки: {}", d.password()));
    said(format!("后台密码是{}，别外传。", d.password()));
    said(format!("管理画面のパスワードは「{}」です。", d.password()));
}

fn obfuscated(d: &mut Dice, add: &mut impl FnMut(&'static str, String)) {
    let mut hidden = |text: String| add("obfuscated", text);
    let token = format!("{}{}", "ghp_", d.key(36));
    let escaped: String = token.bytes().map(|byte| format!("\\x{byte:02x}")).collect();
    hidden(format!("printf '{escaped}'"));
    hidden(format!("twice: {}", STANDARD.encode(STANDARD.encode(&token))));
    hidden(format!("[\"{}\", \"{}\"].join(\"\")", &token[..18], &token[18..]));
    hidden(format!("| {} |\n| {} |", &token[..22], &token[22..]));
    let pairs: Vec<String> = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    hidden(pairs.join(" "));
}

fn negatives(d: &mut Dice) -> Vec<String> {
    vec![
        format!("bisected to {} and reverted", d.of(HEX, 40)),
        format!("etag W/\"{}\"", d.of(HEX, 32)),
        format!("layer {}:{}", "sha256", d.of(HEX, 64)),
        format!("<script integrity=\"sha384-{}\">", STANDARD.encode(d.key(48))),
        format!("\"resolved\": \"https://registry.npmjs.org/a/-/a-1.0.0.tgz#{}\"", d.of(HEX, 40)),
        "Put the token into the `TOKEN` variable, never into the file.".to_owned(),
        "password = os.environ['DB_PASSWORD']".to_owned(),
        "password: !vault |".to_owned(),
        "apiKey: process.env.API_KEY".to_owned(),
        "token: ${{ secrets.GITHUB_TOKEN }}".to_owned(),
        "Authorization: Bearer <token>".to_owned(),
        "mongodb://<user>:<password>@<host>/db".to_owned(),
        "curl -H \"Authorization: Bearer $TOKEN\" https://api.example.org/v1/items".to_owned(),
        "Passwords must have 12 characters, with a digit and a sign.".to_owned(),
        "the password reset link expires in 30 minutes".to_owned(),
        "Das Passwort wird mit Argon2id gehasht.".to_owned(),
        "Le mot de passe doit être changé tous les 90 jours.".to_owned(),
        "max_tokens=4096 temperature=0.2 model=small-v3".to_owned(),
        "sort_key: created_at, partition key: tenant_id#2026-02".to_owned(),
        "primary key (user_id, session_started_at)".to_owned(),
        format!("trace 00-{}-{}-01", d.of(HEX, 32), d.of(HEX, 16)),
        format!("order {}-{}-{}", d.of(UPPER, 3), d.of(DIGITS, 6), d.of(DIGITS, 2)),
        "ssh-keygen -t ed25519 -C deploy -f ~/.ssh/id_ed25519".to_owned(),
        "kubectl create secret generic db --from-file=password=./pw.txt".to_owned(),
        "the bearer token goes into the header, the cookie is HttpOnly; SameSite=Strict".to_owned(),
        "The keyboard shortcut is Ctrl+Shift+P; the license key dialog moved to Help.".to_owned(),
        "auth: { type: oauth2, flow: authorization_code, pkce: true }".to_owned(),
        "const token = await getToken({ audience: 'api' });".to_owned(),
        "pin numpy==1.26.4 and torch==2.3.1".to_owned(),
        "the code is 404 for a missing page and 409 for a conflict".to_owned(),
        "login as admin at https://intra.example.org/login?next=%2Fhome".to_owned(),
        "Secret santa is on 2026-12-06; budget 20 EUR.".to_owned(),
        format!(
            "![logo](data:image/png;base64,{})",
            STANDARD.encode(d.key(200).bytes().map(|b| b ^ 0xa5).collect::<Vec<_>>())
        ),
        format!("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ{} build@ci", d.key(120)),
        "-----BEGIN CERTIFICATE REQUEST-----\nMIICijCCAXICAQAwRTELMAkGA1UEBhMCREUx\n-----END CERTIFICATE REQUEST-----"
            .to_owned(),
        "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p is the recipient".to_owned(),
        format!("X-Request-Id: {}", d.of(HEX, 32)),
        "secrets: inherit".to_owned(),
        "PASSWORD_MIN_LENGTH=12 PASSWORD_HASHER=argon2id".to_owned(),
        "GRANT SELECT ON t TO reader; -- the password is set by the operator".to_owned(),
        "cache key: v2:user:42:profile".to_owned(),
        "redis://localhost:6379/0 and amqp://guest:guest@localhost:5672/".to_owned(),
        "密码长度至少为8位，必须包含数字。".to_owned(),
        "パスワードは12文字以上にしてください。".to_owned(),
        "Пароль хранится в менеджере паролей.".to_owned(),
        "La contraseña se guarda en el gestor.".to_owned(),
        "A senha fica no cofre da equipe.".to_owned(),
        "Het wachtwoord staat in de kluis.".to_owned(),
        "La password è nel gestore.".to_owned(),
        "token_type=access_token, grant_type=client_credentials".to_owned(),
    ]
}
