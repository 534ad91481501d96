//! The words of headings by language: lessons, how-tos, fixes, decisions; what is open still; what is private.
//!
//! To add a language, add an entry. Accents and case do not matter.

/// The words of one language. `one` announces one thing, `many` a collection of things.
pub(super) struct Language {
    pub(super) lesson: Words,
    pub(super) how_to: Words,
    pub(super) fix: Words,
    pub(super) decision: Words,
    /// With one of these beside them, nothing was learned or decided yet.
    pub(super) open: &'static [&'static str],
    /// With one of these beside them, the section is private.
    pub(super) private: &'static [&'static str],
}

/// Phrases that announce one kind of thing.
pub(super) struct Words {
    pub(super) one: &'static [&'static str],
    pub(super) many: &'static [&'static str],
}

/// Heading words by language.
#[rustfmt::skip]
pub(super) const LANGUAGES: &[(&str, Language)] = &[
    ("en", Language {
        lesson: Words {
            one: &["lesson", "lesson learned", "lesson learnt", "key lesson", "key learning", "key takeaway"],
            many: &["lessons", "lessons learned", "lessons learnt", "learned", "learnt", "learning", "learnings", "what i learned",
                "what i learnt", "what we learned", "what we learnt", "things i learned", "things we learned", "today i learned", "til",
                "takeaways", "key takeaways"],
        },
        how_to: Words { one: &["how to", "howto"], many: &["how tos", "howtos"] },
        fix: Words { one: &["fix", "fixed", "hotfix", "bugfix", "bug fix", "workaround", "resolution"], many: &["fixes", "hotfixes", "bugfixes", "bug fixes", "workarounds"] },
        decision: Words { one: &["decision", "decided"], many: &["decisions", "what we decided", "what i decided", "decisions made"] },
        open: &["to do", "todo", "to fix", "to learn", "to decide", "to be decided", "to confirm", "to be confirmed", "to discuss", "to be discussed", "to make", "pending", "needed", "required", "open", "upcoming", "not yet", "tbd", "proposed",
            "unresolved", "cannot", "can t", "undecided", "awaiting", "waiting", "planned", "not fixed", "won t"],
        private: &["private", "personal", "confidential", "family", "my health", "mental health", "medical", "salary", "intimate", "do not share", "not for sharing"],
    }),
    ("fr", Language {
        lesson: Words {
            one: &["lecon", "enseignement", "a retenir", "lecon apprise", "lecon retenue"],
            many: &["lecons", "lecons apprises", "lecons retenues", "apprentissage", "apprentissages", "enseignements", "ce que j ai appris", "ce que nous avons appris",
                "ce qu on a appris", "appris", "appris aujourd hui", "choses apprises", "retour d experience", "retours d experience"],
        },
        how_to: Words { one: &["comment faire", "comment", "mode d emploi", "marche a suivre"], many: &["modes d emploi"] },
        fix: Words { one: &["correctif", "correction", "corrige", "contournement", "resolution du probleme"], many: &["correctifs", "corrections", "contournements"] },
        decision: Words { one: &["decision", "decision prise"], many: &["decisions", "decisions prises", "ce qui a ete decide"] },
        open: &["a faire", "a prendre", "a decider", "a corriger", "a confirmer", "a discuter", "a revoir", "a reproposer", "a reproposer separement", "en attente", "en cours", "a venir", "a valider", "non resolu", "prochaines"],
        private: &["prive", "privee", "prives", "privees", "personnel", "personnelle", "personnels", "personnelles", "confidentiel", "confidentielle", "confidentiels",
            "famille", "familiale", "familiales", "sante", "medical", "medicale", "medicales", "salaire", "intime", "ne pas partager"],
    }),
    ("de", Language {
        lesson: Words {
            one: &["lektion", "lehre", "erkenntnis"],
            many: &["lektionen", "lehren", "erkenntnisse", "gelernt", "gelerntes", "was ich gelernt habe", "was wir gelernt haben", "heute gelernt"],
        },
        how_to: Words { one: &["anleitung", "so geht s", "so gehts"], many: &["anleitungen"] },
        fix: Words { one: &["fehlerbehebung", "behebung", "behoben", "korrektur", "losung"], many: &["fehlerbehebungen", "korrekturen", "losungen"] },
        decision: Words { one: &["entscheidung", "beschluss", "entschieden"], many: &["entscheidungen", "beschlusse"] },
        open: &["offen", "offene", "ausstehend", "zu treffen", "zu beheben", "zu entscheiden", "geplant", "noch nicht"],
        private: &["privat", "private", "privates", "personlich", "personliche", "personliches", "vertraulich", "vertrauliche", "familie", "gesundheit", "gehalt", "nicht teilen"],
    }),
    ("es", Language {
        lesson: Words {
            one: &["leccion", "leccion aprendida"],
            many: &["lecciones", "lecciones aprendidas", "aprendizaje", "aprendizajes", "aprendido", "lo aprendido", "lo que aprendi", "lo que aprendimos", "que aprendi"],
        },
        how_to: Words { one: &["como hacer", "como", "guia", "instrucciones"], many: &["guias"] },
        fix: Words { one: &["arreglo", "correccion", "solucion", "corregido", "arreglado"], many: &["arreglos", "correcciones", "soluciones"] },
        decision: Words { one: &["decision", "decision tomada"], many: &["decisiones", "decisiones tomadas"] },
        open: &["pendiente", "pendientes", "por hacer", "por tomar", "por decidir", "por corregir"],
        private: &["privado", "privada", "privados", "privadas", "personal", "personales", "confidencial", "familia", "salud", "salario", "no compartir"],
    }),
    ("it", Language {
        lesson: Words {
            one: &["lezione", "lezione imparata", "lezione appresa"],
            many: &["lezioni", "lezioni imparate", "lezioni apprese", "apprendimenti", "imparato", "cosa ho imparato", "cosa abbiamo imparato", "insegnamenti"],
        },
        how_to: Words { one: &["come fare", "come si fa", "istruzioni", "guida"], many: &["guide"] },
        fix: Words { one: &["correzione", "soluzione", "risolto", "corretto"], many: &["correzioni", "soluzioni"] },
        decision: Words { one: &["decisione", "decisione presa"], many: &["decisioni", "decisioni prese"] },
        open: &["da fare", "da prendere", "da decidere", "da correggere", "in sospeso", "in attesa"],
        private: &["privato", "privata", "privati", "private", "personale", "personali", "riservato", "famiglia", "salute", "stipendio", "non condividere"],
    }),
    ("pt", Language {
        lesson: Words {
            one: &["licao", "licao aprendida"],
            many: &["licoes", "licoes aprendidas", "aprendizado", "aprendizados", "aprendizagem", "aprendizagens", "o que aprendi", "o que aprendemos", "aprendido"],
        },
        how_to: Words { one: &["como fazer", "instrucoes", "passo a passo"], many: &[] },
        fix: Words { one: &["correcao", "solucao", "corrigido", "conserto"], many: &["correcoes", "solucoes", "consertos"] },
        decision: Words { one: &["decisao", "decisao tomada"], many: &["decisoes", "decisoes tomadas"] },
        open: &["pendente", "pendentes", "a tomar", "por tomar", "por decidir", "a fazer"],
        private: &["privado", "privada", "pessoal", "pessoais", "confidencial", "familia", "saude", "salario", "nao compartilhar", "nao partilhar"],
    }),
    ("nl", Language {
        lesson: Words { one: &["les", "geleerde les"], many: &["lessen", "geleerde lessen", "geleerd", "wat ik geleerd heb", "wat ik heb geleerd", "wat we geleerd hebben", "leerpunten", "inzichten"] },
        how_to: Words { one: &["hoe je", "handleiding", "stappenplan"], many: &["handleidingen"] },
        fix: Words { one: &["oplossing", "opgelost", "reparatie", "correctie"], many: &["oplossingen", "correcties"] },
        decision: Words { one: &["besluit", "beslissing", "besloten"], many: &["besluiten", "beslissingen"] },
        open: &["open", "openstaand", "openstaande", "te nemen", "nog niet", "te doen"],
        private: &["prive", "persoonlijk", "persoonlijke", "vertrouwelijk", "familie", "gezin", "gezondheid", "salaris", "niet delen"],
    }),
    ("sv da nb", Language {
        lesson: Words { one: &["lardom", "laerdom"], many: &["lardomar", "laerdomme", "lærdommer", "lært", "vad jag larde mig", "hvad jeg lærte", "hva jeg lærte", "larande"] },
        how_to: Words { one: &["sa har gor du", "sadan gor du", "slik gjør du", "instruktion", "vejledning", "veiledning"], many: &[] },
        fix: Words { one: &["losning", "løsning", "rettelse", "atgard"], many: &["losningar", "løsninger", "rettelser"] },
        decision: Words { one: &["beslut", "beslutning", "avgjørelse"], many: &["beslutninger", "avgjørelser"] },
        open: &["att gora", "att fatta", "vantande", "afventer", "venter"],
        private: &["privat", "personligt", "personlig", "familj", "familie", "halsa", "helse", "fortroligt"],
    }),
    ("pl", Language {
        lesson: Words { one: &["lekcja", "nauczka", "wniosek"], many: &["lekcje", "wnioski", "czego sie nauczyłem", "czego sie nauczyłam", "czego sie nauczylismy"] },
        how_to: Words { one: &["jak zrobic", "instrukcja", "poradnik"], many: &["instrukcje"] },
        fix: Words { one: &["poprawka", "naprawa", "rozwiazanie", "naprawiono"], many: &["poprawki", "rozwiazania"] },
        decision: Words { one: &["decyzja"], many: &["decyzje", "podjete decyzje"] },
        open: &["do zrobienia", "do podjecia", "oczekujace", "do naprawy"],
        private: &["prywatne", "prywatny", "osobiste", "osobisty", "poufne", "rodzina", "zdrowie"],
    }),
    ("ru uk", Language {
        lesson: Words {
            one: &["урок", "вывод", "висновок"],
            many: &["уроки", "выводы", "висновки", "извлеченные уроки", "что я узнал", "что я узнала", "чему я научился", "чему я научилась", "чему мы научились", "що я дізнався"],
        },
        how_to: Words { one: &["как сделать", "как", "инструкция", "як зробити", "інструкція"], many: &["инструкции", "інструкції"] },
        fix: Words { one: &["исправление", "исправлено", "решение проблемы", "виправлення"], many: &["исправления"] },
        decision: Words { one: &["решение", "решено", "рішення"], many: &["решения", "принятые решения"] },
        open: &["ожидает", "нужно", "надо", "предстоит", "не решено", "отложено", "очікує"],
        private: &["личное", "личные", "личный", "приватно", "приватное", "конфиденциально", "семья", "здоровье", "зарплата", "особисте"],
    }),
    ("tr", Language {
        lesson: Words { one: &["ders"], many: &["dersler", "cıkarılan dersler", "ogrenilenler", "ogrendiklerim", "ne ogrendim"] },
        how_to: Words { one: &["nasıl yapılır"], many: &[] },
        fix: Words { one: &["duzeltme", "cozum"], many: &["duzeltmeler", "cozumler"] },
        decision: Words { one: &["karar"], many: &["kararlar", "alınan kararlar"] },
        open: &["bekleyen", "yapılacak", "alınacak"],
        private: &["ozel", "kisisel", "gizli", "aile", "saglık"],
    }),
    ("id ms vi", Language {
        lesson: Words { one: &["pelajaran", "bai hoc"], many: &["pelajaran yang dipetik", "yang saya pelajari", "bai hoc kinh nghiem", "nhung gi toi hoc duoc"] },
        how_to: Words { one: &["cara", "panduan", "cach lam", "huong dan"], many: &[] },
        fix: Words { one: &["perbaikan", "khac phuc", "sua loi"], many: &[] },
        decision: Words { one: &["keputusan", "quyet đinh"], many: &[] },
        open: &["tertunda", "belum", "chua"],
        private: &["pribadi", "rahasia", "keluarga", "rieng tu", "ca nhan"],
    }),
    ("ar", Language {
        lesson: Words { one: &["درس", "الدرس"], many: &["دروس", "الدروس", "الدروس المستفادة", "دروس مستفادة", "ما تعلمته", "ماذا تعلمت"] },
        how_to: Words { one: &["كيفية", "كيف", "طريقة"], many: &[] },
        fix: Words { one: &["اصلاح", "إصلاح", "الإصلاح", "حل", "الحل"], many: &["اصلاحات", "إصلاحات", "حلول"] },
        decision: Words { one: &["قرار", "القرار"], many: &["قرارات", "القرارات"] },
        open: &["معلق", "معلقة", "مطلوب", "لم يتم"],
        private: &["خاص", "خاصة", "شخصي", "شخصية", "سري", "عائلة", "صحة"],
    }),
    ("he", Language {
        lesson: Words { one: &["לקח"], many: &["לקחים", "מה למדתי", "מסקנות"] },
        how_to: Words { one: &["איך", "כיצד"], many: &[] },
        fix: Words { one: &["תיקון", "פתרון"], many: &["תיקונים", "פתרונות"] },
        decision: Words { one: &["החלטה"], many: &["החלטות"] },
        open: &["ממתין", "לביצוע"],
        private: &["פרטי", "אישי", "סודי", "משפחה"],
    }),
    ("hi", Language {
        lesson: Words { one: &["सबक", "सीख"], many: &["सीखे गए सबक", "मैंने क्या सीखा"] },
        how_to: Words { one: &["कैसे करें", "कैसे"], many: &[] },
        fix: Words { one: &["समाधान", "सुधार"], many: &[] },
        decision: Words { one: &["निर्णय", "फैसला"], many: &["फैसले"] },
        open: &["लंबित", "बाकी"],
        private: &["निजी", "व्यक्तिगत", "गोपनीय", "परिवार"],
    }),
    ("zh", Language {
        lesson: Words { one: &["教训", "教訓"], many: &["经验教训", "經驗教訓", "学到", "學到", "学到的", "所学", "学习心得", "心得", "收获", "总结经验"] },
        how_to: Words { one: &["如何", "怎么", "怎麼", "操作指南", "操作步骤", "操作方法", "教程"], many: &[] },
        fix: Words { one: &["修复", "修復", "解决方案", "解决方法", "解決方案", "已修复"], many: &[] },
        decision: Words { one: &["决定", "決定", "决策", "決策"], many: &["决定事项"] },
        open: &["待办", "待定", "待修复", "未决", "待决定", "待決定"],
        private: &["私人", "个人", "個人", "私密", "机密", "家庭", "健康", "工资"],
    }),
    ("ja", Language {
        lesson: Words { one: &["教訓"], many: &["学び", "学んだこと", "学習したこと", "気づき", "得た教訓"] },
        how_to: Words { one: &["やり方", "手順", "方法", "使い方"], many: &[] },
        fix: Words { one: &["修正", "解決策", "解決方法", "対処法", "対処"], many: &[] },
        decision: Words { one: &["決定", "判断"], many: &["決定事項", "決めたこと"] },
        open: &["未定", "未決定", "予定", "保留", "要修正"],
        private: &["個人", "私的", "秘密", "非公開", "家族", "健康", "プライベート"],
    }),
    ("ko", Language {
        lesson: Words { one: &["교훈"], many: &["배운 점", "배운 것", "오늘 배운 것"] },
        how_to: Words { one: &["방법", "하는 법"], many: &[] },
        fix: Words { one: &["수정", "해결", "해결 방법", "해결책"], many: &[] },
        decision: Words { one: &["결정"], many: &["결정 사항", "결정사항"] },
        open: &["보류", "예정", "미정", "대기"],
        private: &["개인", "비공개", "비밀", "가족", "건강"],
    }),
];

/// Words that say nothing about what a section is about.
#[rustfmt::skip]
pub(super) const GENERIC: &[&str] = &[
    "integrated", "session", "today", "day", "daily", "key", "main", "new", "final", "finale", "finales", "important",
    "critical", "critique", "critiques", "strategic", "strategique", "strategiques", "technical", "technique",
    "techniques", "deployed", "applied", "applique", "made", "taken", "log", "summary", "notes", "and", "et", "und",
    "y", "e", "the", "of", "from", "this", "week", "la", "le", "les", "du", "de", "des", "jour", "aujourd", "hui",
    "principales", "nouvelles", "heute", "hoy", "oggi", "i", "we", "our", "my", "so", "far", "utc", "gmt", "cet",
    "cest", "pst", "pdt", "est", "edt", "am", "pm", "h", "matin", "soir", "morning", "evening", "done", "complete",
];

/// Words in brackets that say how far something is, without accents.
#[rustfmt::skip]
pub(super) const STATES: &[&str] = &[
    "incomplete", "complete", "completed", "closed", "open", "done", "finished", "resolved", "unresolved", "solved", "fixed", "deployed",
    "shipped", "live", "ongoing", "wip", "draft", "blocked", "paused", "failed", "passed", "ok", "abandoned", "cancelled", "canceled",
    "archived", "pending", "validated", "approved", "termine", "terminee", "clos", "close", "fini", "resolu", "resolue",
    "abandonne", "abandonnee", "valide", "validee", "bloque", "erledigt", "fertig", "abgeschlossen", "laufend", "gelost", "hecho",
    "terminado", "cerrado", "resuelto", "pendiente", "finito", "chiuso", "risolto", "concluido", "fechado", "klaar", "gesloten",
];

/// Nouns that announce several things when a heading ends with one of them.
pub(super) const COLLECTIONS: &[&str] = &[
    "insights",
    "patterns",
    "tips",
    "points",
    "findings",
    "observations",
    "takeaways",
    "notes",
    "rules",
    "learnings",
    "discoveries",
    "regles",
    "constats",
    "astuces",
    "conseils",
    "decouvertes",
    "remarques",
    "hinweise",
    "regeln",
    "tipps",
    "consejos",
    "reglas",
    "consigli",
    "regole",
    "dicas",
    "regras",
    "regels",
];
