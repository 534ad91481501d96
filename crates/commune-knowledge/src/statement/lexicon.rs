//! Words that carry a claim, in the languages that the commune can tell apart. All lower case.
//!
//! A word that is missing here makes two texts look more alike, never less; `duplicate` therefore also compares
//! the words themselves.

/// Negations; each means `not`.
pub(crate) const NEGATIONS: &[&str] = &[
    // English
    "not", "no", "never", "cannot", "without", "nor", "neither", "none", "nothing", "nobody", "nowhere", "hardly", "barely",
    // French, German, Dutch
    "ne", "pas", "jamais", "aucun", "aucune", "sans", "rien", "nicht", "kein", "keine", "keinen", "keinem", "keiner", "keines",
    "nie", "niemals", "ohne", "nichts", "niet", "geen", "nooit", "zonder",
    // Spanish, Italian, Portuguese
    "nunca", "jamás", "sin", "ningún", "ninguna", "ninguno", "nada", "non", "mai", "senza", "nessun", "nessuno", "nessuna", "não",
    "sem", "nenhum", "nenhuma",
    // Russian, Ukrainian, Polish, Turkish
    "не", "нет", "ни", "без", "никогда", "ничего", "нельзя", "ні", "немає", "nigdy", "nie", "bez", "değil", "yok", "asla",
    // Arabic, Persian, Hebrew, Hindi
    "لا", "ليس", "ليست", "لم", "لن", "غير", "بدون", "دون", "نیست", "نه", "לא", "אין", "בלי", "नहीं", "मत", "न", "बिना",
    // Korean
    "안", "못",
];

/// Negations inside words of scripts without spaces, and endings.
pub(crate) const NEGATION_PARTS: &[&str] = &[
    "不", "没", "沒", "未", "无", "無", "非", "别", "勿", "禁", "ない", "ません", "なかった", "않", "없", "ไม่",
];

/// What is switched off; each means `off`.
pub(crate) const OFF: &[&str] = &[
    "off", "disabled", "disable", "disables", "disabling", "false", "inactive", "deactivated", "deactivate", "forbidden", "denied",
    "deny", "denies", "forbid", "forbids", "prohibit", "prohibits", "prohibited", "désactivé", "désactivée", "désactiver", "désactivés", "deaktiviert", "deaktivieren", "ausgeschaltet",
    "abgeschaltet", "ausschalten", "falsch", "faux", "falso", "verboten", "interdit", "interdite", "desactivado", "desactivada",
    "desactivar", "deshabilitado", "prohibido", "disattivato", "disabilitato", "desativado", "desligado", "uitgeschakeld",
    "выключен", "выключена", "выключено", "отключен", "отключено", "отключена", "запрещено", "معطل", "معطّل", "ممنوع", "अक्षम", "बंद",
];

/// What is switched off, in scripts without spaces.
pub(crate) const OFF_PARTS: &[&str] = &["关闭", "關閉", "禁用", "停用", "無効", "オフ"];

/// What is switched on; each means `on`.
pub(crate) const ON: &[&str] = &[
    "enabled", "enable", "enables", "enabling", "true", "active", "activated", "activate", "allowed", "activé", "activée", "activer",
    "aktiviert", "aktivieren", "eingeschaltet", "einschalten", "wahr", "vrai", "verdadero", "erlaubt", "autorisé", "activado",
    "activada", "activar", "habilitado", "permitido", "attivato", "abilitato", "ativado", "ligado", "ingeschakeld", "включен",
    "включена", "включено", "разрешено", "مفعل", "مفعّل", "مسموح", "सक्षम", "चालू",
];

/// What is switched on, in scripts without spaces.
pub(crate) const ON_PARTS: &[&str] = &["启用", "啟用", "开启", "開啟", "有効", "オン"];

/// Words of order in time; a word of one side contradicts only one of the other.
pub(crate) const ORDER: &[(&str, &str)] = &[
    ("before", "before"), ("after", "after"), ("avant", "before"), ("après", "after"), ("vor", "before"), ("bevor", "before"),
    ("vorher", "before"), ("nach", "after"), ("nachdem", "after"), ("nachher", "after"), ("antes", "before"), ("después", "after"),
    ("depois", "after"), ("prima", "before"), ("dopo", "after"), ("до", "before"), ("перед", "before"), ("после", "after"),
    ("قبل", "before"), ("بعد", "after"), ("पहले", "before"), ("बाद", "after"), ("first", "first"), ("last", "last"),
];

/// Words that exclude each other, in groups, with the words for the same of each side; a word of one side contradicts only one of another side of
/// its group.
pub(crate) const CONTRARIES: &[(&str, &[&[&str]])] = &[
    ("extent", &[&["minimum", "min", "at-least", "mindestens", "minimal", "mínimo", "minimo"],
        &["maximum", "max", "at-most", "höchstens", "maximal", "máximo", "massimo"]]),
    ("change", &[&["increase", "increases", "increased", "raise", "raises", "augmenter", "erhöhen", "aumentar", "aumentare"],
        &["decrease", "decreases", "decreased", "lower", "lowers", "diminuer", "senken", "reducir", "ridurre"]]),
    ("grade", &[&["upgrade", "upgraded"], &["downgrade", "downgraded"]]),
    ("access", &[&["read-only", "readonly"], &["read-write"], &["write-only"], &["public", "öffentlich", "público", "pubblico", "openbaar"],
        &["private", "privat", "privé", "privado", "privato"]]),
    ("place", &[&["internal", "interne", "intern", "interno"], &["external", "externe", "extern", "externo", "esterno"]]),
    ("rank", &[&["primary"], &["secondary"], &["replica"], &["leader"], &["follower"], &["standby"]]),
    ("pace", &[&["synchronous", "sync", "synchron", "synchrone", "síncrono", "sincrono"],
        &["asynchronous", "async", "asynchron", "asynchrone", "asíncrono", "asincrono"]]),
    ("state", &[&["open", "opened", "offen", "ouvert", "abierto", "aperto"], &["closed", "geschlossen", "fermé", "cerrado", "chiuso"]]),
    ("safety", &[&["safe"], &["unsafe"], &["secure"], &["insecure"], &["encrypted", "verschlüsselt", "chiffré", "cifrado", "cifrato"],
        &["unencrypted", "unverschlüsselt"]]),
    ("result", &[&["succeeds", "succeeded", "passes", "works"], &["fails", "failed", "broken"], &["valid"], &["invalid"]]),
    ("sort", &[&["ascending", "asc", "aufsteigend", "croissant", "ascendente"], &["descending", "desc", "absteigend", "décroissant", "descendente"]]),
    ("side", &[&["left"], &["right"], &["inbound"], &["outbound"], &["upstream"], &["downstream"], &["ingress"], &["egress"]]),
    ("need", &[&["required", "mandatory", "erforderlich", "obligatoire", "obligatorio", "verplicht"],
        &["optional", "optionnel", "facultatif", "opcional", "opzionale", "optioneel"], &["recommended", "empfohlen", "recommandé", "recomendado"],
        &["deprecated"]]),
    ("often", &[&["hourly", "stündlich"], &["daily", "täglich", "diario", "quotidien", "dagelijks"], &["nightly", "nächtlich"],
        &["weekly", "wöchentlich", "semanal", "hebdomadaire", "wekelijks"], &["monthly", "monatlich", "mensuel", "mensual", "maandelijks"],
        &["yearly", "jährlich"]]),
    ("frequency", &[&["always", "immer", "toujours", "siempre", "sempre", "altijd", "всегда"],
        &["sometimes", "manchmal", "parfois", "talvolta", "soms", "иногда"], &["rarely", "seldom", "selten", "rarement", "raramente", "zelden", "редко"],
        &["usually", "meistens", "généralement", "normalmente", "meestal", "обычно"]]),
    ("motion", &[&["start", "starts", "launch", "starten", "démarrer", "arrancar", "avviare", "запустить"],
        &["stop", "stops", "halt", "stoppen", "arrêter", "detener", "fermare", "остановить"]]),
    ("level", &[&["above", "oberhalb", "au-dessus"], &["below", "unterhalb", "au-dessous"]]),
    ("share", &[&["include", "includes", "included"], &["exclude", "excludes", "excluded"]]),
];

/// Numbers as words; `one` is an article in too many languages.
pub(crate) const NUMBERS: &[(&str, &str)] = &[
    ("zero", "0"), ("two", "2"), ("three", "3"), ("four", "4"), ("five", "5"), ("six", "6"), ("seven", "7"), ("eight", "8"), ("nine", "9"),
    ("ten", "10"), ("eleven", "11"), ("twelve", "12"), ("fifteen", "15"), ("twenty", "20"), ("thirty", "30"), ("forty", "40"), ("fifty", "50"),
    ("sixty", "60"), ("ninety", "90"), ("hundred", "100"), ("thousand", "1000"), ("deux", "2"), ("trois", "3"), ("quatre", "4"), ("cinq", "5"),
    ("sept", "7"), ("huit", "8"), ("neuf", "9"), ("dix", "10"), ("trente", "30"), ("zwei", "2"), ("drei", "3"), ("vier", "4"), ("fünf", "5"),
    ("sechs", "6"), ("sieben", "7"), ("acht", "8"), ("neun", "9"), ("zehn", "10"), ("dreißig", "30"), ("dos", "2"), ("tres", "3"),
    ("cuatro", "4"), ("cinco", "5"), ("seis", "6"), ("siete", "7"), ("ocho", "8"), ("nueve", "9"), ("diez", "10"), ("treinta", "30"),
];

/// Words of order in scripts without spaces.
pub(crate) const ORDER_PARTS: &[(&str, &str)] =
    &[("之前", "before"), ("以前", "before"), ("之后", "after"), ("之後", "after"), ("以后", "after"), ("前に", "before"), ("後に", "after")];

/// Environments, with the one name of each.
pub(crate) const ENVIRONMENTS: &[(&str, &str)] = &[
    ("prod", "prod"), ("production", "prod"), ("produktion", "prod"), ("producción", "prod"), ("produção", "prod"), ("produzione", "prod"),
    ("live", "prod"), ("staging", "staging"), ("stage", "staging"), ("preprod", "preprod"), ("pre-production", "preprod"),
    ("préprod", "preprod"), ("dev", "dev"), ("development", "dev"), ("développement", "dev"), ("entwicklung", "dev"), ("desarrollo", "dev"),
    ("test", "test"), ("testing", "test"), ("qa", "qa"), ("uat", "uat"), ("local", "local"), ("localhost", "local"), ("lokal", "local"),
    ("canary", "canary"), ("sandbox", "sandbox"), ("demo", "demo"), ("beta", "beta"), ("alpha", "alpha"),
];

/// Environments in scripts without spaces.
pub(crate) const ENVIRONMENT_PARTS: &[(&str, &str)] = &[
    ("生产环境", "prod"), ("生產環境", "prod"), ("本番", "prod"), ("预发", "staging"), ("开发环境", "dev"), ("開発環境", "dev"),
    ("测试环境", "test"), ("測試環境", "test"), ("テスト環境", "test"), ("本地", "local"),
];

/// Units, with the one name of each.
pub(crate) const UNITS: &[(&str, &str)] = &[
    ("ns", "ns"), ("us", "us"), ("µs", "us"), ("ms", "ms"), ("millisecond", "ms"), ("milliseconds", "ms"), ("millisekunden", "ms"),
    ("millisecondes", "ms"), ("s", "s"), ("sec", "s"), ("secs", "s"), ("second", "s"), ("seconds", "s"), ("sekunde", "s"),
    ("sekunden", "s"), ("seconde", "s"), ("secondes", "s"), ("segundo", "s"), ("segundos", "s"), ("secondi", "s"), ("секунд", "s"),
    ("ثانية", "s"), ("सेकंड", "s"), ("min", "min"), ("mins", "min"), ("minute", "min"), ("minutes", "min"), ("minuten", "min"),
    ("minuto", "min"), ("minutos", "min"), ("minuti", "min"), ("минут", "min"), ("دقيقة", "min"), ("دقائق", "min"), ("मिनट", "min"),
    ("h", "h"), ("hr", "h"), ("hrs", "h"), ("hour", "h"), ("hours", "h"), ("stunde", "h"), ("stunden", "h"), ("heure", "h"),
    ("heures", "h"), ("hora", "h"), ("horas", "h"), ("часов", "h"), ("ساعة", "h"), ("घंटे", "h"), ("d", "d"), ("day", "d"), ("days", "d"),
    ("tag", "d"), ("tage", "d"), ("tagen", "d"), ("jour", "d"), ("jours", "d"), ("día", "d"), ("días", "d"), ("dias", "d"), ("дней", "d"),
    ("week", "w"), ("weeks", "w"), ("wochen", "w"), ("semaines", "w"), ("semanas", "w"), ("month", "mo"), ("months", "mo"),
    ("monate", "mo"), ("mois", "mo"), ("meses", "mo"), ("year", "y"), ("years", "y"), ("jahre", "y"), ("ans", "y"), ("años", "y"),
    ("b", "b"), ("byte", "b"), ("bytes", "b"), ("octets", "b"), ("kb", "kb"), ("kib", "kib"), ("mb", "mb"), ("mib", "mib"), ("gb", "gb"),
    ("gib", "gib"), ("tb", "tb"), ("tib", "tib"), ("ko", "kb"), ("mo", "mb"), ("go", "gb"), ("%", "%"), ("percent", "%"), ("prozent", "%"),
    ("pour-cent", "%"), ("px", "px"), ("hz", "hz"), ("khz", "khz"), ("mhz", "mhz"), ("ghz", "ghz"), ("€", "eur"), ("eur", "eur"),
    ("euro", "eur"), ("euros", "eur"), ("$", "usd"), ("usd", "usd"), ("dollars", "usd"), ("times", "x"), ("x", "x"), ("mal", "x"),
    ("fois", "x"), ("veces", "x"), ("秒", "s"), ("分", "min"), ("分钟", "min"), ("小时", "h"), ("時間", "h"), ("天", "d"), ("日", "d"), ("毫秒", "ms"),
    ("個", "pc"), ("个", "pc"), ("次", "x"),
];

/// Words that narrow or oblige: a sentence with one is not the same as the sentence without it.
pub(crate) const QUALIFIERS: &[&str] = &[
    "only", "always", "sometimes", "rarely", "seldom", "often", "except", "unless", "until", "must", "may", "might", "should", "optional",
    "required", "mandatory", "deprecated", "obsolete", "formerly", "previously", "maximum", "minimum", "least", "most", "toujours",
    "seulement", "parfois", "sauf", "immer", "nur", "manchmal", "außer", "muss", "darf", "soll", "siempre", "solo", "sólo", "excepto",
    "debe", "только", "всегда", "فقط", "دائما", "केवल", "हमेशा",
];

/// Words that carry no claim and no topic of their own where two sentences are compared.
pub(crate) const ARTICLES: &[&str] = &[
    "a", "an", "the", "of", "is", "are", "was", "were", "be", "been", "it", "its", "this", "that", "these", "those", "also", "please", "le",
    "la", "les", "un", "une", "des", "de", "du", "est", "sont", "der", "die", "das", "ein", "eine", "einen", "einem", "einer", "ist", "sind",
    "el", "los", "las", "una", "es", "son", "il", "lo", "gli", "è", "o", "os", "het", "een",
];

/// Words for the same: a word of a group is read as its first.
pub(crate) const SYNONYMS: &[&[&str]] = &[
    &["show", "display"], &["list", "enumerate"], &["create", "make"], &["delete", "remove"], &["specific", "specified", "given"],
    &["file", "document"], &["folder", "directory"], &["folders", "directories"], &["all", "every"], &["start", "launch"],
    &["stop", "halt"], &["output", "print", "result"], &["use", "utilise", "utilize"], &["with", "using"], &["run", "execute"],
    &["convert", "transform"], &["find", "locate"], &["search", "look"], &["update", "refresh"], &["current", "present"],
    &["new", "fresh"], &["several", "multiple"], &["get", "fetch", "download"], &["set", "assign"], &["change", "alter", "modify"],
    &["view", "inspect"], &["check", "verify"], &["copy", "duplicate"], &["tool", "utility"], &["command", "program"],
    &["information", "details"], &["interactive", "guided"], &["only", "just"], &["connect", "attach"], &["name", "label"],
    &["available", "existing"], &["image", "picture"], &["line", "row"], &["text", "content"], &["manage", "administer"],
    &["begin", "commence"], &["big", "large"], &["fix", "repair"], &["error", "failure"], &["quick", "fast"],
];

/// Two words for one: `set up` is `install`.
pub(crate) const PHRASES: &[(&str, &str, &str)] = &[
    ("set", "up", "install"), ("turn", "on", "enable"), ("turn", "off", "disable"), ("switch", "on", "enable"), ("switch", "off", "disable"),
    ("turned", "on", "enabled"), ("turned", "off", "disabled"), ("switched", "on", "enabled"), ("switched", "off", "disabled"),
    ("bring", "up", "open"), ("a", "single", "one"), ("with", "no", "without"), ("no", "longer", "not"),
];
