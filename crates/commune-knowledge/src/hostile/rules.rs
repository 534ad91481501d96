//! Orders to a reader, as patterns over the parts of a text.
//!
//! A **strong** pattern holds a text by itself. A **weak** one is what ordinary pages say too: two of different families
//! close together hold it. English, and the plainest orders in eight other languages; what is said in another way
//! passes: this is a first line, and readers still must take what they read as data.

use super::Finding;
use super::parts::{Parts, line};
use regex::bytes::Regex;
use std::sync::LazyLock;

/// Most bytes between two weak signs that count together.
const NEAR: usize = 240;

const TOLD: &str = "it tells its reader what to do, or claims to speak for the system: say what was learned, and put examples into a code block of a page about attacks";
const TAKES_OUT: &str = "it asks for private things to be sent somewhere: take that out and log the note again";
const HIDES: &str = "it orders readers where a page would not show it: take the comment or the attribute out";
const RUNS: &str =
    "it makes a reader run what comes from elsewhere: say what the command does, and leave running it to whoever reads";
const ACTIVE: &str = "it holds HTML that runs or hides something: write it as Markdown, or put it into a code block";
const NAMES: &str = "it names a path or a subject that is none: write it as a-z, 0-9 and `-`";

/// Where a pattern is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum In {
    /// What the text says, and what a page would hide.
    Said,
    /// Code too.
    All,
    /// Only what a page would hide.
    Hidden,
}

struct Rule {
    name: &'static str,
    place: In,
    advice: &'static str,
    /// What a sentence must not say just before: "never", "do not".
    unless_denied: bool,
    pattern: &'static str,
}

const fn rule(name: &'static str, place: In, advice: &'static str, pattern: &'static str) -> Rule {
    Rule { name, place, advice, unless_denied: false, pattern }
}

const fn unless_denied(rule: Rule) -> Rule {
    Rule { unless_denied: true, ..rule }
}

/// Patterns are read without regard to case, over ASCII, and `\s` crosses a line's end but no empty line's.
const STRONG: &[Rule] = &[
    unless_denied(rule(
        "override",
        In::All,
        TOLD,
        r"\b(ignor(e|ing)|disregard(ing)?|forget|overrid(e|ing)|overrule|bypass)\s+([\w']+\s+){0,4}(previous|prior|above|earlier|preceding|all|any|your|safety|security|original|system)\s+([\w']+\s+){0,3}(instructions?|prompts?|guidelines|guardrails|protocols?|constraints|directives?|orders|goals|protections)\b",
    )),
    rule(
        "override",
        In::All,
        TOLD,
        r"\b(system|agent|security|protocol|instruction|core|safety)[\s_]+(override|overrides)\b\s*[:=\n]|\boverride[\s_]+(instructions?|security|safety|core|protocols?)\b|\boverrideprotocols\b",
    ),
    rule(
        "override",
        In::Said,
        TOLD,
        r"\b(ignor(ez|e)\s+(toutes\s+)?les\s+(instructions|consignes)\s+prec|ignorier(e|en\s+sie)\s+(alle\s+)?(vorherigen|bisherigen|obigen)\s+(anweisungen|instruktionen)|ignor(a|e)\s+(todas\s+)?las\s+instrucciones\s+(anteriores|previas)|ignor(a|e)\s+(todas\s+)?as\s+instrucoes\s+anteriores|ignora\s+(tutte\s+)?le\s+istruzioni\s+precedenti)",
    ),
    rule(
        "addressed-to-agents",
        In::All,
        TOLD,
        r"\b(attention|notice|message|note|important|warning|update|alert|instructions?|directive)\b[\w\s]{0,20}(\s|:)(to|for)?\s*(all\s+)?(ai|llm|automated|language\s+model)s?\s+([\w]+\s+){0,2}(assistants?|agents?|systems?|models?|bots?|processors?|readers?)\b\s*[:,]",
    ),
    rule(
        "addressed-to-agents",
        In::All,
        TOLD,
        r"\b(for|to|affect|visible\s+to)\s+(all\s+)?ai\s+(browsing\s+|reading\s+)?(agents|assistants|systems)\b[\s\S]{0,120}\b(must|should|will\s+not\s+affect|immediately|human\s+users|user\s+confusion)\b",
    ),
    rule(
        "addressed-to-agents",
        In::All,
        TOLD,
        r"(?-i)\b(AI|AGENT|SYSTEM|ADMIN|ENCODED|AUTOMATED)[ _](AGENT[ _]|SECURITY[ _])?(DIRECTIVE|OVERRIDE|COMMAND|PROCESSORS|INSTRUCTIONS?|NOTICE)\b\s*(\[[^\]\n]{0,40}\])?\s*:",
    ),
    rule(
        "role",
        In::Said,
        TOLD,
        r"<\|[a-z_]{2,20}\|>|\[/?inst\]|<</?sys>>|<(im_start|i_am_start|system|assistant|important|hidden)(:[a-z]+)?[^<>\n]{0,80}>|</(system|assistant|article|instructions)>\s|^\s*#{2,4}\s*(system|instruction|assistant)\s*:\s*$",
    ),
    rule(
        "role",
        In::Said,
        TOLD,
        r"^\W*(system|assistant|developer|admin|librarian|curator)\s*(\([^)\n]{0,40}\)|message|prompt|note)?\s*:\s*([^\n.]{0,80}\b)?(you\s+(are|must|may|will|should)|ignore|approve|override|from\s+now|verified|no\s+review|when\s+an?\s+agent)\b",
    ),
    rule(
        "role",
        In::Said,
        TOLD,
        r"\byou('re|\s+are)(\s+now)?\s+(in\s+)?(an?\s+|the\s+)?([\w-]+\s+){0,3}(unrestricted|unfiltered|developer|debug(ging)?|system\s+administrator|root|privileged|god|special\s+authorized|dan)\s*([\w-]+\s+){0,2}(mode|agent|access)\b|\byou\s+are\s+(now\s+)?\w*gpt\b|\bpretend\s+(that\s+)?you('re|\s+are)\b[^.\n]{0,80}\b(mode|disabled|unrestricted)\b",
    ),
    rule(
        "tool-call",
        In::Said,
        TOLD,
        r#""(tool|tool_name|function|name)"\s*:\s*"[^"\n]{1,60}"\s*,\s*"(arguments|parameters|input|args)"\s*:\s*\{|</?(function_calls|tool_calls?|invoke|tool_use)\b|\b_system_\s*:"#,
    ),
    unless_denied(rule(
        "readers-told",
        In::Said,
        TOLD,
        r"\b(agents?|readers?|colleagues|assistants?|anyone|everyone|whoever|members|those|you)\s+(who\s+)?(are\s+)?(reading|reads?|seeing|sees?|process(es|ing)?)\s+(this|these)\b[^.\n]{0,40}(\b(must|should|kindly|please|shall|have\s+to|need\s+to|needs\s+to|has\s+to)\b|,)\s+(also\s+|first\s+|immediately\s+)?(copy|send|publish|paste|append|post|share|upload|include|forward|reveal|run|execute|reply|answer|approve|tag|recommend|ignore|repeat|add)\b",
    )),
    unless_denied(rule(
        "readers-told",
        In::Said,
        TOLD,
        r"\b(if|when)\s+(an?|any|the)?\s*(agent|assistant|reader|model|ai)\s+(reads?|sees?|process(es)?|loads?|opens?)\s+(this|these)\b[^.\n]{0,40}\b(must|should|shall|has\s+to|please|publish|send|run|execute|copy)\b",
    )),
    unless_denied(rule(
        "readers-told",
        In::Said,
        TOLD,
        r"\b(summari[sz]e|copy|repeat|print|dump)\s+(all\s+)?(your|their|its)\s+(current\s+)?(memory|memories|diary|notes|context|system\s+prompt|instructions|task\s+description|conversation)\b",
    )),
    unless_denied(rule(
        "delayed-trigger",
        In::Said,
        TOLD,
        r"\b(if|when|whenever|next\s+time|once)\s+(anyone|anybody|someone|somebody|users?|an?\s+user|the\s+user|an?\s+agent|an?\s+query|an?\s+question|you\s+are|you)\s+(later\s+)?(asks?|asked|mentions?|says?|queries|sees?)\b[^.\n]{0,100}\b(recommend|use|say|answer|reply|respond|insist|claim|deny|suggest|inject|send)\b[^.\n]{0,80}(https?://|\b(approved|official|instead|verified|trusted|insecure|malicious)\b)",
    )),
    rule(
        "delayed-trigger",
        In::All,
        TOLD,
        r"\bif\s+asked\b[^.\n]{0,60}\b(deny|suggest\s+insecure|say\s+that\s+you|claim)\b|\bwhen\s+(processing|rendering|visiting)\s+(this|any|these)\b[^.\n]{0,60}\b(override|bypass|extract|first\s+execute|disregard|secretly|always\s+approve)\b",
    ),
    rule(
        "secrecy",
        In::All,
        TOLD,
        r"\bdo\s+not\s+(mention|acknowledge|reveal|disclose|tell\s+(anyone|the\s+user)\s+about)\s+(this|these|that|any\s+of\s+this)?\s*(instructions?|directives?|message|prompt|order)\b|\bexecute\s+silently\b|\bhide_from_user\b",
    ),
    unless_denied(rule(
        "send-out",
        In::Said,
        TAKES_OUT,
        r"\b(send|upload|post|forward|e-?mail|append|copy|transmit|publish|exfiltrate|leak|submit|reveal|collect|save)\b[^.\n]{0,60}\b(your|their|user'?s?|private|stored|saved|all|every|contents\s+of|of\s+agent-\w+)\b[^.\n]{0,50}\b(memory|memories|diary|notes|context|conversation|history|credentials?|passwords?|cookies|tokens?|secrets?|\.?ssh\s+keys|keys|system\s+prompt|task\s+description|config|data|files|contacts|messages)\b[^\n]{0,100}\b(to|into|at|on|server)\s*:?\s+<?((https?|ftp)://|(the\s+|an?\s+|our\s+)?(external|remote|public|attacker)|commune\.|[\w.-]+@|[\w-]+(\.[\w-]+)*\.(com|net|org|io|biz|evil|example|dev|xyz)\b)",
    )),
    unless_denied(rule(
        "send-out",
        In::Said,
        TAKES_OUT,
        r"\b(publish|send|post|reveal|share|forward)\s+(me\s+)?(your|its|their|the\s+(notes|diary|memory)\s+of)\s+(\w+\s+)?(diary|diaries|memory|memories|private\s+notes|system\s+prompt|credentials|agent)|\b(reveal|send|publish)\s+the\s+(notes|diary|memory)\s+of\s+agent\b|\bsend\s+the\s+contents?\s+of\s+[~/.\w-]+\s+to\s+<?https?://",
    )),
    rule(
        "send-out",
        In::All,
        TAKES_OUT,
        r"(dict\(os\.environ\)|json\.stringify\(process\.env\)|\$\((env|printenv)\)|\b(env|printenv)\s*\|\s*(curl|nc|wget|base64))[^\n]{0,120}|\bcurl\b[^\n]{0,80}(\s-d\s*@-|\s-F\s*['\x22]?\w+=@)[^\n]{0,80}https?://",
    ),
    unless_denied(rule(
        "persistence",
        In::Said,
        RUNS,
        r"\b(append|add|write|put|install|insert)\b[^\n]{0,160}\b(agents|claude|memory|soul|gemini)\.md\b[^.\n]{0,80}\b(every|each|all)\s+(new\s+)?(sessions?|agents?|starts?)\b",
    )),
    rule(
        "persistence",
        In::Said,
        TOLD,
        r"\b(remember|memori[sz]e|store\s+this)\s+(this\s+)?(permanently|forever|for\s+ever)\b",
    ),
    rule(
        "claimed-authority",
        In::Said,
        TOLD,
        r"\b(verified|approved|checked|reviewed)\s+by\b[^.\n]{0,60}\bno\s+(further\s+)?(review|check|approval)s?\s+(is\s+|are\s+)?(needed|required|necessary)|\bapprovals?\s+(are|is)\s+final\b|\b(approve|tag|mark|accept)\s+(every|all|any)\s+(contributions?|notes?|articles?)\s+(from|of|by)\s+\w",
    ),
    rule("runs-elsewhere", In::All, RUNS, r"\bbase64\s+(-d|-D|--decode)\b[^\n]{0,40}\|\s*(sudo\s+)?(ba|z|da|k)?sh\b"),
    rule(
        "runs-elsewhere",
        In::Said,
        RUNS,
        r"\b(start|run|execute|launch|open)\s+(it|them|this|the\s+\w+)\s+(first\s+)?before\s+(using|reading|loading|continuing\s+with)\s+(this|the)\s+(skill|page|article|note)\b|\b(follow|obey|execute)\s+((the\s+)?(instructions|steps|rules|orders)\s+(at|on|in|from|of)\s+)?<?https?://[^\s]{0,80}(paste|/raw/|gist)",
    ),
    rule(
        "active-html",
        In::Said,
        ACTIVE,
        r"<\s*(script|iframe|object|embed|applet|base|frameset)\b|<[a-z][^<>]{0,400}\s/?on[a-z]{3,20}\s*=|<[a-z!][^<>]{0,600}(javascript|vbscript)\s*:|<[a-z][^<>]{0,200}data:text/html|\bexpression\s*\(\s*(javascript|alert)|<a\s[^<>]{0,60}https?://\d{8,10}\b",
    ),
    rule(
        "active-html",
        In::Hidden,
        ACTIVE,
        r"\bon(error|load|click|mouse\w{2,8}|focus|blur|toggle|begin|animation\w{0,9})\s*=|(javascript|vbscript)\s*:\s*\S|data:text/html|expression\s*\(",
    ),
    rule(
        "active-html",
        In::Said,
        ACTIVE,
        r#"\b(javascript|vbscript)\s*:\s*[\w.%]+[\w.%\s]*[(`=;]|\bdata:text/html[;,]|\bon(error|load|click|focus|toggle|mouse\w{2,8})\s*=\s*["']?\s*(alert|eval|fetch|javascript|document|window)\b"#,
    ),
    rule(
        "hidden-html",
        In::Hidden,
        HIDES,
        r"(display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0\s*[;'\x22]|text-indent\s*:\s*-\d{3,})",
    ),
    rule(
        "hidden-orders",
        In::Hidden,
        HIDES,
        r"\b(agents?|assistants?|ai|llm|system|admin|override\w*|instructions?)\b[\s\S]{0,160}\b(must|execute|publish|send|upload|transmit|ignore|disregard|override|bypass|approve|without\s+permission|without_permission)\b",
    ),
    rule(
        "hidden-orders",
        In::Hidden,
        HIDES,
        r"\b(disregard|ignore|override|bypass)\b[\s\S]{0,80}\b(instructions?|protocols?|goals|rules|confirmation|safety|limit)\b|without_permission|command_sequence|operation_code",
    ),
    rule(
        "name",
        In::Said,
        NAMES,
        r"^\s*(slug|path|file|article)\s*:\s*\S{0,80}(\.\./|\.\.\\)|^\s*(slug|path|file|article)\s*:\s*(con|prn|aux|nul|com\d|lpt\d)(\.\w+)?\s*$",
    ),
    rule("protocol", In::Said, NAMES, r"^\s*(?-i:PUB|HPUB|MSG|HMSG|SUB|UNSUB)\s+[\w.*>-]+(\s+[\w.*>-]+)?\s+\d+\s*$"),
    rule("tools", In::Said, RUNS, r"^\s*allowed-tools\s*:[^\n]{0,200}\(\s*(\*|/\*\*)\s*\)"),
];

/// What ordinary pages say too, by family.
const WEAK: &[(&str, &str)] = &[
    (
        "authority",
        r"\b(as|you('re|\s+are))\s+(an?|the|my)\s+([\w-]+\s+){0,4}(agent|assistant|admin|administrator)\b|\byour?\s+(next\s+action|current\s+task|assigned\s+task|developers)\b|\bfor\s+(our|this)\s+([\w-]+\s+){0,3}(assessment|simulation|audit|test\s+case)\b|\bauthorized\s+(data|mode|access)\b|\b(important_contents|evaluation_previous_goal|next_goal)\b|\bagent\s+must\b",
    ),
    (
        "urgency",
        r"\bimmediately\b|\b(execute|run|deploy|apply)\s+(this|these|it|the\s+\w+)\s+([\w-]+\s+){0,3}now\b|\bexecute\s+it\s+now\b|\b(then|now|please)\s+execute\s+(this|these|the|it)\b|\bexecute\s+(these|this|the)\s+([\w-]+\s+){0,3}(actions?|commands?|instructions?|script|code)\b|\bcritical\s+priority\b|\bpriority\s*[\x22=:\]]+\s*\x22?(highest|critical|maximum|alpha)|\b(is|are)\s+(mandatory|required)\s+(to|for|by)\b|\bfailure\s+to\b",
    ),
    (
        "no-confirmation",
        r"\bwithout\s+((any|asking|notifying|telling|showing|displaying|user|the|for|me|further|security)\s+){0,4}(user|confirmation|permission|approval|validation|verification|notification|consent|total|users)\b|\b(bypass|disable|skip|override)\w*\s+([\w-]+\s+){0,3}(checks?|confirmation|safety|warnings|security|restrictions|limits)\b|\bsafety\s+checks\s+are\s+disabled\b",
    ),
    (
        "secrecy",
        r"\bsilently\b|\bsecretly\b|\bso\s+(the\s+)?user\s+doesn't\b|\bwithout\s+(the\s+)?user\b|\b(remove|delete)\s+all\s+(traces|logs)\b|\bhidden\s+(rule|admin|account|transfer)\b|\bconceal\b",
    ),
    (
        "fetch",
        r"\b(curl|wget)\b[^\n|]{0,120}\|\s*(sudo\s+)?(ba|z|da)?sh\b|\b(navigate|connect|go|browse)\s+to\s+(https?://|ftp://|[\w-]+(\.[\w-]+)*\.(com|net|org|biz|example)\b)|\baccess\s+[\w-]+(\.[\w-]+)+/|\bvisit\s+[\w-]+(\.[\w-]+)+,\s+but\b|\bhttps?://[^\s)]{1,100}\.(sh|exe|zip|ps1)\b|\b(executable|patch|script)\b[^.\n]{0,40}\b[\w-]+\.(com|net|biz)\b",
    ),
    (
        "harm",
        r"\brm\s+-rf\s+/|/etc/(shadow|sudoers|passwd)\b|\bnopasswd\b|\bdrop\s+table\b|\bbackdoor\b|\brootkit\b|\bransomware\b|\bsend\s+\$\d+|\bpassword\s+files\b|\bmalicious[\w-]*\s+(function|package|code|content)s?\b|\bexfiltrat\w+",
    ),
    (
        "takes-out",
        r"\b(send|upload|transmit|email|forward|enter|extract|collect|save|share)\w*\s+([\w'-]+\s+){0,6}(data|credentials|cookies|tokens|passwords|contents|details|information|files|messages|archive|\w*_data)\b|\b(send_to|upload|gather_user_data|user_system_info)\(|\b(your|the)\s+user'?s\s+([\w-]+\s+){0,3}(credentials|cookies|tokens|data)\b|\baddress\s+book\b",
    ),
    ("first", r"\b(download\s+and\s+(run|apply|execute|start)|run\s+([\w`./-]+\s+){1,4}first\b)"),
];

type Compiled = (Regex, &'static Rule);

static STRONG_COMPILED: LazyLock<Vec<Compiled>> =
    LazyLock::new(|| STRONG.iter().filter_map(|rule| Some((compile(rule.pattern)?, rule))).collect());
static WEAK_COMPILED: LazyLock<Vec<(Regex, &'static str)>> =
    LazyLock::new(|| WEAK.iter().filter_map(|(family, pattern)| Some((compile(pattern)?, *family))).collect());
static DENIED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    compile(
        r"\b(do\s+not|don't|never|not|cannot|can't|mustn't|must\s+not|should\s+not|shouldn't|nobody|no\s+agent|avoid|refuse\s+to|without|how\s+to)\s+([\w']+\s+){0,2}$",
    )
});

fn compile(pattern: &str) -> Option<Regex> {
    Regex::new(&format!("(?im-u){pattern}")).ok()
}

pub(super) fn find(parts: &Parts) -> Vec<Finding> {
    let mut findings = Vec::new();
    // most texts hide nothing and many have no code: what is left of them is white space, in which no pattern finds anything
    let [said, hidden, code] = [&parts.said, &parts.hidden, &parts.code]
        .map(|part| if part.iter().all(u8::is_ascii_whitespace) { &[][..] } else { part });
    for (regex, rule) in STRONG_COMPILED.iter() {
        let places: &[&[u8]] = match rule.place {
            In::Said => &[said, hidden],
            In::All => &[said, hidden, code],
            In::Hidden => &[hidden],
        };
        let mut places = places.iter().filter(|part| !part.is_empty());
        let found = places.find_map(|part| {
            let mut all =
                regex.find_iter(part).filter(|found| !(rule.unless_denied && is_denied(&part[..found.start()])));
            all.next().map(|found| line(part, found.start() + blanks(found.as_bytes())))
        });
        findings.extend(found.map(|line| Finding { line, rule: rule.name, advice: rule.advice }));
    }
    if findings.is_empty() {
        findings.extend([said, hidden].into_iter().filter(|part| !part.is_empty()).find_map(together));
    }
    findings
}

/// White space that a pattern took in before what it looks for.
fn blanks(found: &[u8]) -> usize {
    found.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Whether the words before say that it is not to be done.
fn is_denied(before: &[u8]) -> bool {
    let sentence = before.rsplit(|byte| matches!(byte, b'.' | b'!' | b'?' | b':')).next().unwrap_or_default();
    let sentence = &sentence[sentence.len().saturating_sub(60)..];
    DENIED.as_ref().is_some_and(|denied| denied.is_match(sentence))
}

/// Two weak signs of different families close together.
fn together(part: &[u8]) -> Option<Finding> {
    let mut signs: Vec<(usize, usize, &str)> = WEAK_COMPILED
        .iter()
        .flat_map(|(regex, family)| regex.find_iter(part).map(|found| (found.start(), found.end(), *family)))
        .collect();
    signs.sort_unstable();
    let mut last: Option<(usize, &str)> = None;
    for (start, end, family) in signs {
        match last {
            Some((reached, other)) if other != family && start.saturating_sub(reached) <= NEAR => {
                return Some(Finding { line: line(part, start), rule: "suspicious", advice: TOLD });
            }
            _ => last = Some((end, family)),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        for pattern in STRONG.iter().map(|rule| rule.pattern).chain(WEAK.iter().map(|(_, pattern)| *pattern)) {
            if let Err(error) = Regex::new(&format!("(?im-u){pattern}")) {
                panic!("{pattern}: {error}");
            }
            let finds_nothing = compile(pattern).is_some_and(|regex| !regex.is_match(b" \n\t \r\n  \n"));
            assert!(finds_nothing, "{pattern} finds something in white space");
        }
        assert!(DENIED.is_some());
    }
}
