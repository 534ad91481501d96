//! Pages in French, and questions in other words.

use super::{Asked, Written};

/// The pages.
pub(super) const PAGES: &[Written] = &[
    Written {
        path: "french/renew-certificate",
        title: "Renouvellement du certificat TLS",
        body: "Le certificat wildcard se renouvelle par le défi DNS. Essayer d'abord en préproduction, puis recharger nginx.",
    },
    Written {
        path: "french/revoke-certificate",
        title: "Révocation d'un certificat",
        body: "Quand la clé privée a fuité, on révoque le certificat auprès de l'autorité et on en demande un nouveau.",
    },
    Written {
        path: "french/back-up-database",
        title: "Sauvegarde de la base PostgreSQL",
        body: "Chaque nuit, pg_dump écrit une copie de la base dans le stockage objet. Les sauvegardes sont gardées trente jours.",
    },
    Written {
        path: "french/restore-database",
        title: "Restauration de la base PostgreSQL",
        body: "Pour revenir à l'état d'hier, arrêter l'application, recréer la base vide et charger la copie avec pg_restore.",
    },
    Written {
        path: "french/clean-disk",
        title: "Libérer l'espace disque du serveur d'intégration",
        body: "Les images de conteneurs inutilisées remplissent le disque. Les supprimer tous les dimanches.",
    },
    Written {
        path: "french/rotate-logs",
        title: "Rotation des journaux",
        body: "Les fichiers de journal sont compressés après sept jours et effacés après trente.",
    },
    Written {
        path: "french/undo-release",
        title: "Annuler un déploiement",
        body: "Si les erreurs augmentent après une mise en production, revenir à la version précédente avec kubectl rollout undo.",
    },
    Written {
        path: "french/blue-green-release",
        title: "Déploiement bleu-vert",
        body: "La nouvelle version démarre à côté de l'ancienne ; le trafic bascule lorsque les sondes sont vertes.",
    },
    Written {
        path: "french/time-zone",
        title: "Fuseau horaire des tâches planifiées",
        body: "Les tâches cron s'exécutent en UTC : penser au changement d'heure.",
    },
];

/// The questions.
pub(super) const QUESTIONS: &[Asked] = &[
    Asked { question: "comment renouveler les certificats TLS ?", first: "french/renew-certificate" },
    Asked { question: "que faire si une clé privée a été compromise ?", first: "french/revoke-certificate" },
    Asked { question: "où sont stockées les sauvegardes de la base ?", first: "french/back-up-database" },
    Asked { question: "restaurer une base de données à partir d'une copie", first: "french/restore-database" },
    Asked { question: "le disque est plein à cause des images de conteneur", first: "french/clean-disk" },
    Asked { question: "combien de temps gardons-nous les journaux compressés ?", first: "french/rotate-logs" },
    Asked { question: "comment annuler une mise en production ratée ?", first: "french/undo-release" },
    Asked { question: "dans quel fuseau tournent les tâches planifiées ?", first: "french/time-zone" },
];
