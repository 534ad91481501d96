//! Pages in Arabic, and questions in other words.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "arabic/renew-certificate",
        title: "تجديد الشهادة",
        body: "تُجدَّد الشهادة العامة عبر تحدي DNS. جرّب أولا في بيئة الاختبار ثم أعد تحميل nginx.",
    },
    Written {
        path: "arabic/revoke-certificate",
        title: "إلغاء الشهادة",
        body: "إذا تسرّب المفتاح الخاص فألغِ الشهادة لدى الجهة المصدرة واطلب شهادة جديدة.",
    },
    Written {
        path: "arabic/back-up-database",
        title: "النسخ الاحتياطي لقاعدة البيانات",
        body: "كل ليلة يكتب pg_dump نسخة من قاعدة البيانات في مخزن الكائنات. تُحفظ النسخ ثلاثين يوما.",
    },
    Written {
        path: "arabic/restore-database",
        title: "استعادة قاعدة البيانات",
        body: "أوقف التطبيق وأنشئ قاعدة فارغة ثم حمّل آخر نسخة باستعمال pg_restore.",
    },
    Written {
        path: "arabic/clean-disk",
        title: "تنظيف قرص خادم البناء",
        body: "صور الحاويات غير المستعملة تملأ القرص. احذفها كل يوم أحد.",
    },
    Written {
        path: "arabic/rotate-logs",
        title: "تدوير السجلات",
        body: "تُضغط ملفات السجل بعد سبعة أيام وتُحذف بعد ثلاثين يوما.",
    },
    Written {
        path: "arabic/undo-release",
        title: "التراجع عن النشر",
        body: "إذا زادت الأخطاء بعد النشر فارجع إلى الإصدار السابق بالأمر kubectl rollout undo.",
    },
    Written {
        path: "arabic/blue-green-release",
        title: "النشر الأزرق والأخضر",
        body: "يبدأ الإصدار الجديد بجانب القديم، وتنتقل حركة المرور عندما تصبح الفحوص خضراء.",
    },
    Written {
        path: "arabic/time-zone",
        title: "المنطقة الزمنية للمهام المجدولة",
        body: "تعمل المهام المجدولة بالتوقيت العالمي UTC، فانتبه لتغيير الساعة.",
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked { question: "كيف أجدد الشهادات؟", first: "arabic/renew-certificate" },
    Asked {
        question: "ماذا أفعل إذا تسرب المفتاح الخاص؟", first: "arabic/revoke-certificate"
    },
    Asked { question: "كم يوما تحفظ نسخ قاعدة البيانات؟", first: "arabic/back-up-database" },
    Asked { question: "استعادة قاعدة بيانات من نسخة", first: "arabic/restore-database" },
    Asked { question: "القرص ممتلئ بصور الحاويات", first: "arabic/clean-disk" },
    Asked { question: "متى تحذف ملفات السجلات؟", first: "arabic/rotate-logs" },
    Asked { question: "كيف أتراجع عن نشر فاشل؟", first: "arabic/undo-release" },
    Asked {
        question: "بأي منطقة زمنية تعمل المهام المجدولة؟", first: "arabic/time-zone"
    },
];
