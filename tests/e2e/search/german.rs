//! Pages in German, and questions in other words.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "german/renew-certificate",
        title: "Zertifikate erneuern",
        body: "Das Wildcard-Zertifikat wird über die DNS-Prüfung erneuert. Erst in der Testumgebung versuchen, dann nginx neu laden.",
    },
    Written {
        path: "german/revoke-certificate",
        title: "Zertifikat widerrufen",
        body: "Ist der private Schlüssel abhandengekommen, wird das Zertifikat bei der Zertifizierungsstelle gesperrt und ein neues beantragt.",
    },
    Written {
        path: "german/back-up-database",
        title: "Datensicherung der Datenbank",
        body: "Jede Nacht schreibt pg_dump einen Abzug in den Objektspeicher; die Abzüge werden dreißig Tage aufgehoben.",
    },
    Written {
        path: "german/restore-database",
        title: "Datenbank wiederherstellen",
        body: "Anwendung anhalten, leere Datenbank anlegen, den letzten Abzug mit pg_restore einspielen.",
    },
    Written {
        path: "german/clean-disk",
        title: "Festplatte des Bauservers aufräumen",
        body: "Alte Container-Abbilder füllen die Platte. Sonntags werden alle gelöscht, die niemand mehr benutzt.",
    },
    Written {
        path: "german/rotate-logs",
        title: "Protokolle rotieren",
        body: "Protokolldateien werden nach sieben Tagen gepackt und nach dreißig gelöscht.",
    },
    Written {
        path: "german/undo-release",
        title: "Auslieferung zurücknehmen",
        body: "Steigen nach einer Auslieferung die Fehler, mit kubectl rollout undo zur vorigen Fassung zurückkehren.",
    },
    Written {
        path: "german/blue-green-release",
        title: "Blau-grüne Auslieferung",
        body: "Die neue Fassung startet neben der alten; der Verkehr wechselt, sobald die Proben grün sind.",
    },
    Written {
        path: "german/time-zone",
        title: "Zeitzone geplanter Aufgaben",
        body: "Geplante Aufgaben laufen in UTC; bei der Zeitumstellung verschiebt sich die örtliche Stunde.",
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked { question: "Wie erneuere ich das Zertifikat?", first: "german/renew-certificate" },
    Asked { question: "Was tun, wenn ein privater Schlüssel verloren ging?", first: "german/revoke-certificate" },
    Asked { question: "wie lange werden die Abzüge der Datenbank aufbewahrt", first: "german/back-up-database" },
    Asked { question: "Wiederherstellung einer Datenbank aus dem Abzug", first: "german/restore-database" },
    Asked { question: "die Platte des Bauservers ist voll", first: "german/clean-disk" },
    Asked { question: "wann werden Protokolldateien gelöscht?", first: "german/rotate-logs" },
    Asked { question: "wie nehme ich eine fehlerhafte Auslieferung zurück?", first: "german/undo-release" },
    Asked { question: "In welcher Zeitzone laufen geplante Aufgaben?", first: "german/time-zone" },
];
