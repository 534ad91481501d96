//! Pages in Hindi, and questions in other words.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "hindi/renew-certificate",
        title: "प्रमाणपत्र का नवीनीकरण",
        body: "वाइल्डकार्ड प्रमाणपत्र DNS चुनौती से नवीनीकृत होता है। पहले परीक्षण परिवेश में आज़माएँ, फिर nginx को पुनः लोड करें।",
    },
    Written {
        path: "hindi/revoke-certificate",
        title: "प्रमाणपत्र रद्द करना",
        body: "यदि निजी कुंजी लीक हो जाए तो प्राधिकरण से प्रमाणपत्र रद्द कराएँ और नया माँगें।",
    },
    Written {
        path: "hindi/back-up-database",
        title: "डेटाबेस का बैकअप",
        body: "हर रात pg_dump डेटाबेस की प्रति ऑब्जेक्ट भंडार में लिखता है। बैकअप तीस दिन रखे जाते हैं।",
    },
    Written {
        path: "hindi/restore-database",
        title: "डेटाबेस की पुनर्स्थापना",
        body: "अनुप्रयोग रोकें, खाली डेटाबेस बनाएँ और pg_restore से पिछली प्रति लोड करें।",
    },
    Written {
        path: "hindi/clean-disk",
        title: "बिल्ड सर्वर की डिस्क साफ करना",
        body: "अनुपयोगी कंटेनर इमेज डिस्क भर देती हैं। उन्हें हर रविवार हटाएँ।",
    },
    Written {
        path: "hindi/rotate-logs",
        title: "लॉग का रोटेशन",
        body: "लॉग फ़ाइलें सात दिन बाद संपीड़ित होती हैं और तीस दिन बाद हटाई जाती हैं।",
    },
    Written {
        path: "hindi/undo-release",
        title: "परिनियोजन वापस लेना",
        body: "यदि नए संस्करण के बाद त्रुटियाँ बढ़ें तो kubectl rollout undo से पिछले संस्करण पर लौटें।",
    },
    Written {
        path: "hindi/blue-green-release",
        title: "नीला-हरा परिनियोजन",
        body: "नया संस्करण पुराने के साथ शुरू होता है; जाँच हरी होने पर यातायात बदलता है।",
    },
    Written {
        path: "hindi/time-zone",
        title: "निर्धारित कार्यों का समय क्षेत्र",
        body: "निर्धारित कार्य UTC में चलते हैं; घड़ी बदलने का ध्यान रखें।",
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked {
        question: "प्रमाणपत्र का नवीनीकरण कैसे करें?", first: "hindi/renew-certificate"
    },
    Asked {
        question: "निजी कुंजी लीक हो गई, क्या करें?", first: "hindi/revoke-certificate"
    },
    Asked {
        question: "डेटाबेस के बैकअप कितने दिन रखे जाते हैं?", first: "hindi/back-up-database"
    },
    Asked {
        question: "प्रति से डेटाबेस पुनर्स्थापित कैसे करें", first: "hindi/restore-database"
    },
    Asked {
        question: "डिस्क कंटेनर इमेज से भर गई है", first: "hindi/clean-disk"
    },
    Asked {
        question: "लॉग फ़ाइलें कब हटाई जाती हैं?", first: "hindi/rotate-logs"
    },
    Asked {
        question: "असफल परिनियोजन को वापस कैसे लें", first: "hindi/undo-release"
    },
    Asked {
        question: "निर्धारित कार्य किस समय क्षेत्र में चलते हैं?", first: "hindi/time-zone"
    },
];
