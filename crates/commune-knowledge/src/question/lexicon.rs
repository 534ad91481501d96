//! Words of questions: those that only ask, those for the same, those of direction. All folded: lower case, no accents.

/// Words that ask, or carry no topic of their own.
pub(super) const STOP: &[&str] = &[
    // English
    "a", "about", "all", "am", "an", "and", "any", "anyone", "anybody", "are", "as", "at", "be", "been", "best", "but", "by", "can", "could",
    "did", "do", "does", "done", "doing", "find", "for", "from", "get", "had", "has", "have", "here", "how", "howto", "i", "if", "in", "into", "is",
    "it", "its", "know", "knows", "make", "me", "my", "need", "no", "not", "of", "off", "on", "one", "or", "our", "out", "please", "s", "should", "single", "so",
    "some", "someone", "somebody", "t", "tell", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this", "to", "up", "us", "use",
    "used", "using", "via", "want", "was", "way", "ways", "we", "were", "what", "when", "where", "which", "while", "who", "whom", "whose", "why",
    "will", "with", "without", "would", "you", "your", "during", "through", "behind", "before", "after", "between", "over", "under", "only", "just", "too",
    "also", "again", "every", "each", "else", "don", "doesn", "isn", "won", "cannot", "ve", "m", "re", "d", "ll",
    "reason", "command", "steps", "procedure", "recommended", "properly", "correctly", "correct", "right", "good", "proper", "usual", "actually",
    // French
    "au", "aux", "avec", "ce", "ces", "cette", "comment", "dans", "de", "des", "du", "elle", "en", "est", "et", "faire", "faut", "il", "je", "l",
    "la", "le", "les", "ma", "mes", "mon", "ne", "nous", "on", "ou", "par", "pas", "peut", "peux", "pour", "pourquoi", "puis", "quand", "que", "quel",
    "quelle", "qui", "quoi", "qu", "sa", "sans", "sa", "se", "ses", "son", "sont", "sur", "t", "un", "une", "vous", "meilleure", "meilleur", "facon", "maniere",
    "moyen", "chez", "apres", "avant", "trouve", "trouver", "quelles", "quels", "c", "d", "j", "n",
    // German
    "auf", "aus", "bei", "das", "dem", "den", "der", "des", "die", "ein", "eine", "einen", "einem", "einer", "es", "fur", "geht", "haben", "hat",
    "ich", "im", "ist", "kann", "man", "mein", "meine", "mit", "nach", "nicht", "oder", "ohne", "sich", "sie", "sind", "soll", "und", "von", "vom", "vor", "wann",
    "warum", "welche", "welcher", "welches", "wenn", "wer", "werden", "wie", "wir", "wird", "wo", "zu", "zum", "zur", "am", "besten", "finde", "liegen", "liegt", "gibt",
    // Spanish, Portuguese, Italian
    "como", "con", "cual", "cuando", "del", "donde", "el", "ella", "esta", "estan", "este", "hacer", "hago", "los", "las", "mi", "no", "para",
    "pero", "por", "porque", "puedo", "puede", "quien", "si", "sin", "su", "una", "uno", "y", "che", "chi", "come", "cosa", "da", "della", "di",
    "dove", "gli", "ho", "lo", "nel", "perche", "posso", "quando", "sono", "com", "em", "eu", "fazer", "na", "nao", "o", "os", "qual", "um", "uma",
    "encuentro", "hay", "mejor", "forma", "manera", "modo", "si",
    // Dutch, Russian
    "een", "het", "hoe", "ik", "van", "voor", "waar", "wat", "как", "что", "где", "когда", "почему", "и", "в", "на", "с", "для", "не", "я", "ли",
    "мне", "можно", "каким", "образом", "мы", "из", "от", "по", "до",
];

/// Phrases of one word, longest first; looked for in the folded words.
pub(super) const PHRASES: &[(&[&str], &str)] = &[
    (&["get", "rid", "of"], "remove"), (&["rid", "of"], "remove"), (&["turn", "on"], "enable"), (&["switch", "on"], "enable"),
    (&["turn", "off"], "disable"), (&["switch", "off"], "disable"), (&["set", "up"], "configure"), (&["setup"], "configure"),
    (&["shut", "down"], "stop"), (&["speed", "up"], "accelerate"), (&["make", "faster"], "accelerate"), (&["roll", "back"], "rollback"),
    (&["back", "up"], "backup"), (&["log", "in"], "login"), (&["sign", "in"], "login"), (&["clean", "up"], "clean"), (&["time", "out"], "timeout"),
    (&["look", "up"], "search"), (&["start", "over"], "restart"), (&["spin", "up"], "start"), (&["take", "out"], "remove"), (&["get", "out"], "remove"),
    (&["two", "factor"], "2fa"), (&["on", "call"], "oncall"), (&["multi", "factor"], "2fa"), (&["open", "source"], "opensource"),
];

/// Words for the same, in questions; a word of a group is read as its first. None of a group is another's contrary.
pub(super) const SYNONYMS: &[&[&str]] = &[
    &["remove", "delete", "erase", "purge", "discard", "drop", "prune"],
    &["clear", "flush", "empty"],
    &["renew", "renewal", "reissue"],
    &["fix", "repair", "solve", "resolve", "mend", "correct"],
    &["error", "failure"],
    &["fail", "fails", "failing", "crash"],
    &["configure", "config", "configuration"],
    &["enable", "activate"],
    &["disable", "deactivate"],
    &["accelerate", "faster"],
    &["slow", "sluggish"],
    &["reduce", "shrink", "decrease", "lower", "smaller"],
    &["increase", "raise", "enlarge", "bigger", "grow"],
    &["stop", "halt", "abort", "cancel", "kill", "terminate"],
    &["start", "launch"],
    &["run", "execute"],
    &["create", "generate"],
    &["list", "show", "display", "enumerate", "see", "view"],
    &["search", "locate", "finding", "debug", "diagnose", "investigate", "troubleshoot"],
    &["mute", "silence", "suppress"],
    &["own", "owner", "owns", "responsible"],
    &["mean", "meaning"],
    &["store", "stored", "kept", "keep", "go", "saved"],
    &["folder", "directory"],
    &["repo", "repository"],
    &["db", "database"],
    &["k8s", "kubernetes"],
    &["postgres", "postgresql"],
    &["js", "javascript"],
    &["env", "environment"],
    &["cert", "certificate"],
    &["auth", "authentication"],
    &["migrate", "move"],
    &["upgrade", "update"],
    &["change", "modify", "alter"],
    &["check", "verify"],
    &["limit", "restrict", "cap"],
    &["allow", "permit"],
    &["block", "deny", "forbid"],
    &["wait", "await"],
    &["old", "outdated", "stale"],
    &["supprimer", "effacer", "enlever"], &["configurer", "parametrer"], &["reparer", "corriger", "resoudre"], &["vider", "purger"],
    &["loschen", "entfernen"], &["leeren", "leere"], &["einrichten", "konfigurieren"], &["beheben", "losen", "reparieren"],
    &["borrar", "borro", "eliminar", "eliminan", "elimino", "quitar"], &["configurar", "configuro"], &["arreglar", "solucionar", "resolver"],
    &["cancellare", "eliminare", "rimuovere"],
];

/// Words that say in which direction something goes or how two things stand to each other, with the name of each direction.
pub(super) const DIRECTIONS: &[(&str, &str)] = &[
    ("from", "from"), ("to", "to"), ("into", "to"), ("onto", "to"), ("with", "with"), ("by", "by"), ("on", "on"), ("in", "in"), ("before", "before"),
    ("after", "after"), ("than", "than"), ("over", "over"), ("behind", "behind"), ("of", "of"), ("for", "for"), ("von", "from"), ("aus", "from"),
    ("nach", "to"), ("zu", "to"), ("zum", "to"), ("auf", "on"), ("mit", "with"), ("vor", "before"), ("depuis", "from"), ("vers", "to"), ("avec", "with"),
    ("avant", "before"), ("apres", "after"), ("desde", "from"), ("hacia", "to"), ("con", "with"), ("da", "from"), ("из", "from"), ("в", "to"),
];

/// What asks in scripts without spaces; taken out before signs are compared. Longer ones first.
pub(super) const ASKING: &[&str] = &[
    "どうすればいいですか", "するにはどうすれば", "にはどうすれば", "どうやって", "どのように", "する方法は", "する方法", "ですか", "ますか", "方法", "したい", "いいですか",
    "什么时候", "什麼時候", "在哪里", "在哪裡", "放在哪", "哪里", "哪裡", "为什么", "為什麼", "如何", "怎么样", "怎么", "怎麼", "怎样", "请问", "我们", "应该", "可以",
    "的", "了", "吗", "呢", "吧", "我", "は", "が", "を", "に", "の", "で", "と", "する",
];
