//! What a refusal says: what happened, and what to do next.

use super::texts;

texts! {
    /// Titles and explanations of refusals, by status and, where it does not tell a stranger anything, by reason.
    RefusalTexts {
        signed_out_title: "You are not signed in" | "Sie sind nicht angemeldet";
        signed_out: "This needs a session, and there is none, or no longer. Sign in, then it goes on here."
            | "Dafür braucht es eine Anmeldung, und es gibt keine oder keine mehr. Melden Sie sich an, dann geht es hier weiter.";
        again_title: "Confirm that it is you" | "Bestätigen Sie, dass Sie es sind";
        again: "What you asked for needs you to sign in again, and was not done. What you sent was not kept: confirm \
                that it is you, then send it again."
            | "Dafür müssen Sie sich noch einmal anmelden, darum ist nichts geschehen. Was Sie gesendet haben, wurde nicht \
               aufgehoben: Bestätigen Sie, dass Sie es sind, und senden Sie es noch einmal.";
        forbidden_title: "You can't open this" | "Das können Sie nicht öffnen";
        forbidden_addon_title: "You can't open {addon}" | "Sie können {addon} nicht öffnen";
        forbidden: "Your account may not do this. If you think it should, ask whoever runs this home."
            | "Ihr Konto darf das nicht. Wenn es das dürfen sollte, fragen Sie, wer dieses Zuhause betreut.";
        forbidden_account: "Your account ({account}) may not do this. If you think it should, ask whoever runs this home, or \
                            sign in with another account."
            | "Ihr Konto ({account}) darf das nicht. Wenn es das dürfen sollte, fragen Sie, wer dieses Zuhause betreut, oder \
               melden Sie sich mit einem anderen Konto an.";
        foreign_title: "Another site asked for this" | "Eine andere Seite hat danach gefragt";
        foreign: "Another page tried to do this with your session, so it was not done. Your account is all right: open the \
                  add-on itself and do it there."
            | "Eine fremde Seite wollte das mit Ihrer Anmeldung tun, darum ist nichts geschehen. Mit Ihrem Konto ist alles in \
               Ordnung: Öffnen Sie das Add-on selbst und tun Sie es dort.";
        not_found_title: "Nothing is here" | "Hier ist nichts";
        not_found: "There is nothing at this address. It may have moved, or have been typed wrong."
            | "Unter dieser Adresse gibt es nichts. Vielleicht ist es umgezogen, oder sie ist vertippt.";
        method_title: "This does not work this way" | "So geht das nicht";
        method: "The page asked in a way that is not possible here. Go back and try again."
            | "Die Seite hat auf eine Weise gefragt, die hier nicht geht. Gehen Sie zurück und versuchen Sie es noch einmal.";
        bad_title: "The request could not be understood" | "Die Anfrage war nicht zu verstehen";
        bad: "Something in the request is not as it should be, so it was not passed on. Go back and try again."
            | "Etwas an der Anfrage ist nicht, wie es sein soll, darum wurde sie nicht weitergegeben. Gehen Sie zurück und \
               versuchen Sie es noch einmal.";
        misdirected_title: "Wrong address" | "Falsche Adresse";
        misdirected: "This address is not served on this connection. Close the browser's tab and open the address again."
            | "Diese Adresse gibt es auf dieser Verbindung nicht. Schließen Sie den Tab und öffnen Sie die Adresse noch einmal.";
        too_large_title: "That is too large" | "Das ist zu groß";
        too_large: "What was sent is larger than this add-on takes. Send something smaller."
            | "Was gesendet wurde, ist größer, als dieses Add-on annimmt. Senden Sie etwas Kleineres.";
        head_title: "Too many cookies" | "Zu viele Cookies";
        head: "The browser sent more than this add-on takes. Delete the cookies of this site, then try again."
            | "Der Browser hat mehr gesendet, als dieses Add-on annimmt. Löschen Sie die Cookies dieser Seite und versuchen Sie \
               es noch einmal.";
        too_many_title: "Too many requests" | "Zu viele Anfragen";
        too_many: "That was too much at once. Try again in {time}."
            | "Das war zu viel auf einmal. Versuchen Sie es in {time} noch einmal.";
        slow_title: "Too slow" | "Zu langsam";
        slow: "It took too long to arrive. Try again." | "Es kam nicht rechtzeitig an. Versuchen Sie es noch einmal.";
        addon: "The add-on" | "Das Add-on";
        down_title: "{addon} is not running" | "{addon} läuft nicht";
        down: "It may be starting. Wait a moment." | "Vielleicht startet es gerade. Warten Sie einen Moment.";
        broken_title: "{addon} is broken" | "{addon} ist gestört";
        broken: "It answered with something that is not a page. Wait a moment; if that does not help, it has to be restarted."
            | "Was es geantwortet hat, ist keine Seite. Warten Sie einen Moment; wenn das nicht hilft, muss es neu gestartet \
               werden.";
        late_title: "{addon} is slow" | "{addon} ist langsam";
        late: "It did not answer in time. Wait a moment." | "Es hat nicht rechtzeitig geantwortet. Warten Sie einen Moment.";
        not_ready_title: "Not ready yet" | "Noch nicht bereit";
        not_ready: "It cannot answer right now. Try again in {time}."
            | "Das geht gerade nicht. Versuchen Sie es in {time} noch einmal.";
        watching: "This page shows it by itself as soon as it answers."
            | "Diese Seite zeigt es von selbst, sobald es antwortet.";
        sign_in: "Sign in" | "Anmelden";
        confirm: "Confirm that it is you" | "Bestätigen";
        start: "See what you can open" | "Zeigen, was Sie öffnen können";
        other_account: "Use another account" | "Anderes Konto verwenden";
        ask_access: "Ask for access" | "Um Zugang bitten";
        asked_title: "You have asked" | "Sie haben gefragt";
        asked: "Whoever runs this home sees it in the list of refusals. Nothing else happens by itself."
            | "Wer dieses Zuhause betreut, sieht es in der Liste der Ablehnungen. Von selbst geschieht sonst nichts.";
        retry: "Try again" | "Noch einmal versuchen";
        explain: "See the whole reason" | "Den ganzen Grund zeigen";
        request_hint: "Whoever runs this home finds the reason by this number."
            | "Wer dieses Zuhause betreut, findet den Grund über diese Nummer.";
    }
}
