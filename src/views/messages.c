/*
 * messages.c
 *		What a briefing says: its words in English, German, French, Spanish, Arabic,
 *		Japanese, Turkish and Polish.
 *
 * Counted messages have the plural forms that their language tells apart; one
 * that is missing is as "other".  Where a name or number from the data could ask
 * for an ending or a case, it stands after a colon or in the nominative instead.
 */
#include "postgres.h"

#include "views/messages.h"

/* A space that does not end a line: before the colon, and inside the quotation marks, of French. */
#define SPACE "\u00A0"

static const Language languages[] = {
	/* English */
	{
		.code = "en",
		.script = "Latn",
		.message =
			{
				[SAY_COLON] = "{0}: {1}",
				[SAY_SEPARATOR] = ", ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "“{0}”",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "Customer",
				[SAY_CUSTOMER_NUMBER] = "Customer {0}",
				[SAY_FIRST_CONTACT] = "First contact {0}",
				[SAY_SO_FAR] = "So far",
				[SAY_VALUE] = "value {0}",
				[SAY_LAST] = "Last interaction",
				[SAY_LAST_WHEN] = "Last interaction {0}",
				[SAY_INBOUND] = "from the customer",
				[SAY_OUTBOUND] = "from us",
				[SAY_INTERNAL] = "internal",
				[SAY_AGENT] = "with {0}",
				[SAY_OUTCOME] = "outcome: {0}",
				[SAY_THREAD] = "thread {0}",
				[SAY_WAITING] = "Waiting for an answer",
				[SAY_WAITING_OVER_TARGET] = "Waiting for an answer, over target",
				[SAY_FIRST_ASKED] = "first asked {0}",
				[SAY_OPEN] = "Open threads",
				[SAY_ALSO_OPEN] = "Also open",
				[SAY_TOLD] = "Already told us",
				[SAY_MOOD] = "Mood",
				[SAY_UNHAPPY] = "unhappy",
				[SAY_NEUTRAL] = "neutral",
				[SAY_HAPPY] = "happy",
				[SAY_FALLING] = "falling",
				[SAY_STEADY] = "steady",
				[SAY_RISING] = "rising",
				[SAY_MOOD_LAST] = "most recent {0}",
				[SAY_SCORES] = "Last scores",
				[SAY_FRICTION] = "Friction",
				[SAY_FRICTION_SCORE] = "Friction {0}",
				[SAY_ASKED_AGAIN] = "asked again",
				[SAY_CHANNEL_SWITCHED] = "changed channel",
				[SAY_TRANSFERRED] = "was transferred",
				[SAY_REOPENED] = "reopened",
				[SAY_WAITED_LONG] = "waited too long",
				[SAY_SELF_SERVICE_FAILED] = "self-service failed",
				[SAY_ERROR_MET] = "ran into an error",
				[SAY_GAVE_UP] = "gave up waiting",
				[SAY_TOLD_AGAIN] = "had to tell it again elsewhere",
				[SAY_PRESSURE] = "Contact pressure",
				[SAY_PRESSURE_WITHIN] = "{0} {1}",
				[SAY_LIMIT] = "limit {0}",
				[SAY_LIMIT_REACHED] = "limit of {0} reached",
				[SAY_LIMIT_PASSED] = "limit of {0} exceeded",
				[SAY_STAGE] = "Stage",
				[SAY_PREFERS] = "Prefers",
				[SAY_AVOID] = "Please avoid",
				[SAY_AVOID_ASKING_AGAIN] = "asking the same again",
				[SAY_AVOID_TRANSFER] = "another transfer",
				[SAY_AVOID_ANOTHER_TOUCH] = "contacting them again",
				[SAY_AVOID_OFFERS] = "offers",
				[SAY_AVOID_CHANNEL_SWITCH] = "a change of channel",
				[SAY_NOTHING_KNOWN] = "Nothing is known about this customer yet.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_ONE] = "{0} interaction",
						[PLURAL_OTHER] = "{0} interactions",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_ONE] = "{0} attempt",
						[PLURAL_OTHER] = "{0} attempts",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_OTHER] = "{0} times",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_ONE] = "{0} contact from us",
						[PLURAL_OTHER] = "{0} contacts from us",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_ONE] = "in {0} day",
						[PLURAL_OTHER] = "in {0} days",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "around {0}:00",
					},
				[COUNT_MORE] =
					{
						[PLURAL_OTHER] = "{0} more",
					},
			},
	},
	/* German */
	{
		.code = "de",
		.script = "Latn",
		.message =
			{
				[SAY_COLON] = "{0}: {1}",
				[SAY_SEPARATOR] = ", ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "„{0}“",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "Bekannt als",
				[SAY_CUSTOMER_NUMBER] = "Kundennummer {0}",
				[SAY_FIRST_CONTACT] = "Erster Kontakt {0}",
				[SAY_SO_FAR] = "Bisher",
				[SAY_VALUE] = "Wert {0}",
				[SAY_LAST] = "Letzte Interaktion",
				[SAY_LAST_WHEN] = "Letzte Interaktion {0}",
				[SAY_INBOUND] = "von Kundenseite",
				[SAY_OUTBOUND] = "von uns",
				[SAY_INTERNAL] = "intern",
				[SAY_AGENT] = "mit {0}",
				[SAY_OUTCOME] = "Ergebnis: {0}",
				[SAY_THREAD] = "Vorgang {0}",
				[SAY_WAITING] = "Wartet auf Antwort",
				[SAY_WAITING_OVER_TARGET] = "Wartet auf Antwort, Zielzeit überschritten",
				[SAY_FIRST_ASKED] = "erste Anfrage {0}",
				[SAY_OPEN] = "Offene Vorgänge",
				[SAY_ALSO_OPEN] = "Außerdem offen",
				[SAY_TOLD] = "Bereits mitgeteilt",
				[SAY_MOOD] = "Stimmung",
				[SAY_UNHAPPY] = "unzufrieden",
				[SAY_NEUTRAL] = "neutral",
				[SAY_HAPPY] = "zufrieden",
				[SAY_FALLING] = "sinkend",
				[SAY_STEADY] = "gleichbleibend",
				[SAY_RISING] = "steigend",
				[SAY_MOOD_LAST] = "zuletzt {0}",
				[SAY_SCORES] = "Letzte Bewertungen",
				[SAY_FRICTION] = "Reibung",
				[SAY_FRICTION_SCORE] = "Reibung {0}",
				[SAY_ASKED_AGAIN] = "erneut gefragt",
				[SAY_CHANNEL_SWITCHED] = "Kanal gewechselt",
				[SAY_TRANSFERRED] = "weitergeleitet",
				[SAY_REOPENED] = "wieder geöffnet",
				[SAY_WAITED_LONG] = "zu lange gewartet",
				[SAY_SELF_SERVICE_FAILED] = "Selbstbedienung gescheitert",
				[SAY_ERROR_MET] = "auf einen Fehler gestoßen",
				[SAY_GAVE_UP] = "aufgegeben",
				[SAY_TOLD_AGAIN] = "anderswo neu erklärt",
				[SAY_PRESSURE] = "Kontaktdruck",
				[SAY_PRESSURE_WITHIN] = "{0} {1}",
				[SAY_LIMIT] = "Obergrenze {0}",
				[SAY_LIMIT_REACHED] = "Obergrenze von {0} erreicht",
				[SAY_LIMIT_PASSED] = "Obergrenze von {0} überschritten",
				[SAY_STAGE] = "Phase",
				[SAY_PREFERS] = "Bevorzugt",
				[SAY_AVOID] = "Bitte vermeiden",
				[SAY_AVOID_ASKING_AGAIN] = "erneutes Nachfragen",
				[SAY_AVOID_TRANSFER] = "Weiterleitung",
				[SAY_AVOID_ANOTHER_TOUCH] = "weitere Kontaktaufnahme",
				[SAY_AVOID_OFFERS] = "Angebote",
				[SAY_AVOID_CHANNEL_SWITCH] = "Kanalwechsel",
				[SAY_NOTHING_KNOWN] = "Zu dieser Person ist noch nichts bekannt.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_ONE] = "{0} Interaktion",
						[PLURAL_OTHER] = "{0} Interaktionen",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_ONE] = "{0} Versuch",
						[PLURAL_OTHER] = "{0} Versuche",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_OTHER] = "{0}-mal",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_ONE] = "{0} Kontakt von uns",
						[PLURAL_OTHER] = "{0} Kontakte von uns",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_ONE] = "an {0} Tag",
						[PLURAL_OTHER] = "in {0} Tagen",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "gegen {0} Uhr",
					},
				[COUNT_MORE] =
					{
						[PLURAL_OTHER] = "{0} weitere",
					},
			},
	},
	/* French */
	{
		.code = "fr",
		.script = "Latn",
		.message =
			{
				[SAY_COLON] = "{0}" SPACE ": {1}",
				[SAY_SEPARATOR] = ", ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "«" SPACE "{0}" SPACE "»",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "Client",
				[SAY_CUSTOMER_NUMBER] = "Client {0}",
				[SAY_FIRST_CONTACT] = "Premier contact {0}",
				[SAY_SO_FAR] = "Jusqu’ici",
				[SAY_VALUE] = "valeur {0}",
				[SAY_LAST] = "Dernière interaction",
				[SAY_LAST_WHEN] = "Dernière interaction {0}",
				[SAY_INBOUND] = "de la part du client",
				[SAY_OUTBOUND] = "de notre part",
				[SAY_INTERNAL] = "interne",
				[SAY_AGENT] = "avec {0}",
				[SAY_OUTCOME] = "résultat" SPACE ": {0}",
				[SAY_THREAD] = "dossier {0}",
				[SAY_WAITING] = "Attend une réponse",
				[SAY_WAITING_OVER_TARGET] = "Attend une réponse, délai cible dépassé",
				[SAY_FIRST_ASKED] = "première demande {0}",
				[SAY_OPEN] = "Dossiers ouverts",
				[SAY_ALSO_OPEN] = "Également ouvert",
				[SAY_TOLD] = "Déjà communiqué",
				[SAY_MOOD] = "Humeur",
				[SAY_UNHAPPY] = "mauvaise",
				[SAY_NEUTRAL] = "neutre",
				[SAY_HAPPY] = "bonne",
				[SAY_FALLING] = "en baisse",
				[SAY_STEADY] = "stable",
				[SAY_RISING] = "en hausse",
				[SAY_MOOD_LAST] = "dernière valeur {0}",
				[SAY_SCORES] = "Dernières notes",
				[SAY_FRICTION] = "Frictions",
				[SAY_FRICTION_SCORE] = "Frictions, indice {0}",
				[SAY_ASKED_AGAIN] = "demande répétée",
				[SAY_CHANNEL_SWITCHED] = "changement de canal",
				[SAY_TRANSFERRED] = "transfert",
				[SAY_REOPENED] = "réouverture",
				[SAY_WAITED_LONG] = "attente trop longue",
				[SAY_SELF_SERVICE_FAILED] = "échec du libre-service",
				[SAY_ERROR_MET] = "erreur rencontrée",
				[SAY_GAVE_UP] = "abandon de l’attente",
				[SAY_TOLD_AGAIN] = "nouvelle explication ailleurs",
				[SAY_PRESSURE] = "Pression de contact",
				[SAY_PRESSURE_WITHIN] = "{0} {1}",
				[SAY_LIMIT] = "limite de {0}",
				[SAY_LIMIT_REACHED] = "limite de {0} atteinte",
				[SAY_LIMIT_PASSED] = "limite de {0} dépassée",
				[SAY_STAGE] = "Étape",
				[SAY_PREFERS] = "Préfère",
				[SAY_AVOID] = "À éviter",
				[SAY_AVOID_ASKING_AGAIN] = "les questions répétées",
				[SAY_AVOID_TRANSFER] = "les transferts",
				[SAY_AVOID_ANOTHER_TOUCH] = "les nouvelles sollicitations",
				[SAY_AVOID_OFFERS] = "les offres",
				[SAY_AVOID_CHANNEL_SWITCH] = "les changements de canal",
				[SAY_NOTHING_KNOWN] = "On ne sait encore rien de ce client.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_ONE] = "{0} interaction",
						[PLURAL_MANY] = "{0} d’interactions",
						[PLURAL_OTHER] = "{0} interactions",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_ONE] = "{0} tentative",
						[PLURAL_MANY] = "{0} de tentatives",
						[PLURAL_OTHER] = "{0} tentatives",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_MANY] = "{0} de fois",
						[PLURAL_OTHER] = "{0} fois",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_ONE] = "{0} contact de notre part",
						[PLURAL_MANY] = "{0} de contacts de notre part",
						[PLURAL_OTHER] = "{0} contacts de notre part",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_ONE] = "en {0} jour",
						[PLURAL_MANY] = "en {0} de jours",
						[PLURAL_OTHER] = "en {0} jours",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "vers {0}" SPACE "h",
					},
				[COUNT_MORE] =
					{
						[PLURAL_ONE] = "{0} autre",
						[PLURAL_MANY] = "{0} d’autres",
						[PLURAL_OTHER] = "{0} autres",
					},
			},
	},
	/* Spanish */
	{
		.code = "es",
		.script = "Latn",
		.message =
			{
				[SAY_COLON] = "{0}: {1}",
				[SAY_SEPARATOR] = ", ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "«{0}»",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "Cliente",
				[SAY_CUSTOMER_NUMBER] = "Cliente {0}",
				[SAY_FIRST_CONTACT] = "Primer contacto {0}",
				[SAY_SO_FAR] = "Hasta ahora",
				[SAY_VALUE] = "valor {0}",
				[SAY_LAST] = "Última interacción",
				[SAY_LAST_WHEN] = "Última interacción {0}",
				[SAY_INBOUND] = "por parte del cliente",
				[SAY_OUTBOUND] = "por nuestra parte",
				[SAY_INTERNAL] = "interna",
				[SAY_AGENT] = "con {0}",
				[SAY_OUTCOME] = "resultado: {0}",
				[SAY_THREAD] = "caso {0}",
				[SAY_WAITING] = "Espera una respuesta",
				[SAY_WAITING_OVER_TARGET] = "Espera una respuesta, plazo superado",
				[SAY_FIRST_ASKED] = "primera consulta {0}",
				[SAY_OPEN] = "Casos abiertos",
				[SAY_ALSO_OPEN] = "También abierto",
				[SAY_TOLD] = "Ya nos contó",
				[SAY_MOOD] = "Ánimo",
				[SAY_UNHAPPY] = "malo",
				[SAY_NEUTRAL] = "neutro",
				[SAY_HAPPY] = "bueno",
				[SAY_FALLING] = "a la baja",
				[SAY_STEADY] = "estable",
				[SAY_RISING] = "al alza",
				[SAY_MOOD_LAST] = "último valor {0}",
				[SAY_SCORES] = "Últimas puntuaciones",
				[SAY_FRICTION] = "Fricción",
				[SAY_FRICTION_SCORE] = "Fricción {0}",
				[SAY_ASKED_AGAIN] = "consulta repetida",
				[SAY_CHANNEL_SWITCHED] = "cambio de canal",
				[SAY_TRANSFERRED] = "transferencia",
				[SAY_REOPENED] = "reapertura",
				[SAY_WAITED_LONG] = "espera demasiado larga",
				[SAY_SELF_SERVICE_FAILED] = "autoservicio fallido",
				[SAY_ERROR_MET] = "error encontrado",
				[SAY_GAVE_UP] = "abandono de la espera",
				[SAY_TOLD_AGAIN] = "nueva explicación por otro canal",
				[SAY_PRESSURE] = "Presión de contacto",
				[SAY_PRESSURE_WITHIN] = "{0} {1}",
				[SAY_LIMIT] = "límite de {0}",
				[SAY_LIMIT_REACHED] = "límite de {0} alcanzado",
				[SAY_LIMIT_PASSED] = "límite de {0} superado",
				[SAY_STAGE] = "Etapa",
				[SAY_PREFERS] = "Prefiere",
				[SAY_AVOID] = "Conviene evitar",
				[SAY_AVOID_ASKING_AGAIN] = "las preguntas repetidas",
				[SAY_AVOID_TRANSFER] = "las transferencias",
				[SAY_AVOID_ANOTHER_TOUCH] = "los nuevos contactos por nuestra parte",
				[SAY_AVOID_OFFERS] = "las ofertas",
				[SAY_AVOID_CHANNEL_SWITCH] = "los cambios de canal",
				[SAY_NOTHING_KNOWN] = "Todavía no se sabe nada de este cliente.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_ONE] = "{0} interacción",
						[PLURAL_MANY] = "{0} de interacciones",
						[PLURAL_OTHER] = "{0} interacciones",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_ONE] = "{0} intento",
						[PLURAL_MANY] = "{0} de intentos",
						[PLURAL_OTHER] = "{0} intentos",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_ONE] = "{0} vez",
						[PLURAL_MANY] = "{0} de veces",
						[PLURAL_OTHER] = "{0} veces",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_ONE] = "{0} contacto por nuestra parte",
						[PLURAL_MANY] = "{0} de contactos por nuestra parte",
						[PLURAL_OTHER] = "{0} contactos por nuestra parte",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_ONE] = "en {0} día",
						[PLURAL_MANY] = "en {0} de días",
						[PLURAL_OTHER] = "en {0} días",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_ONE] = "sobre la {0}:00",
						[PLURAL_OTHER] = "sobre las {0}:00",
					},
				[COUNT_MORE] =
					{
						[PLURAL_OTHER] = "{0} más",
					},
			},
	},
	/* Arabic */
	{
		.code = "ar",
		.script = "Arab",
		.right_to_left = true,
		.message =
			{
				[SAY_COLON] = "{0}: {1}",
				[SAY_SEPARATOR] = "، ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "«{0}»",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "العميل",
				[SAY_CUSTOMER_NUMBER] = "العميل رقم {0}",
				[SAY_FIRST_CONTACT] = "أول تواصل {0}",
				[SAY_SO_FAR] = "حتى الآن",
				[SAY_VALUE] = "القيمة: {0}",
				[SAY_LAST] = "آخر تفاعل",
				[SAY_LAST_WHEN] = "آخر تفاعل {0}",
				[SAY_INBOUND] = "من العميل",
				[SAY_OUTBOUND] = "من جانبنا",
				[SAY_INTERNAL] = "داخلي",
				[SAY_AGENT] = "مع {0}",
				[SAY_OUTCOME] = "النتيجة: {0}",
				[SAY_THREAD] = "الملف {0}",
				[SAY_WAITING] = "في انتظار الرد",
				[SAY_WAITING_OVER_TARGET] = "في انتظار الرد، وقد تجاوز الانتظار المدة المستهدفة",
				[SAY_FIRST_ASKED] = "أول طلب {0}",
				[SAY_OPEN] = "الملفات المفتوحة",
				[SAY_ALSO_OPEN] = "مفتوح أيضًا",
				[SAY_TOLD] = "ما سبق إبلاغنا به",
				[SAY_MOOD] = "المزاج",
				[SAY_UNHAPPY] = "سيئ",
				[SAY_NEUTRAL] = "محايد",
				[SAY_HAPPY] = "جيد",
				[SAY_FALLING] = "في تراجع",
				[SAY_STEADY] = "مستقر",
				[SAY_RISING] = "في تحسّن",
				[SAY_MOOD_LAST] = "آخر قيمة {0}",
				[SAY_SCORES] = "آخر التقييمات",
				[SAY_FRICTION] = "العقبات",
				[SAY_FRICTION_SCORE] = "درجة العقبات {0}",
				[SAY_ASKED_AGAIN] = "تكرار السؤال",
				[SAY_CHANNEL_SWITCHED] = "تغيير القناة",
				[SAY_TRANSFERRED] = "التحويل",
				[SAY_REOPENED] = "إعادة الفتح",
				[SAY_WAITED_LONG] = "انتظار أطول من اللازم",
				[SAY_SELF_SERVICE_FAILED] = "فشل الخدمة الذاتية",
				[SAY_ERROR_MET] = "مواجهة خطأ",
				[SAY_GAVE_UP] = "التخلي عن الانتظار",
				[SAY_TOLD_AGAIN] = "إعادة الشرح في قناة أخرى",
				[SAY_PRESSURE] = "كثافة التواصل",
				[SAY_PRESSURE_WITHIN] = "{0} {1}",
				[SAY_LIMIT] = "الحد الأقصى {0}",
				[SAY_LIMIT_REACHED] = "تم بلوغ الحد الأقصى وهو {0}",
				[SAY_LIMIT_PASSED] = "تم تجاوز الحد الأقصى وهو {0}",
				[SAY_STAGE] = "المرحلة",
				[SAY_PREFERS] = "التفضيلات",
				[SAY_AVOID] = "يُرجى تجنّب",
				[SAY_AVOID_ASKING_AGAIN] = "تكرار الأسئلة",
				[SAY_AVOID_TRANSFER] = "التحويل",
				[SAY_AVOID_ANOTHER_TOUCH] = "معاودة التواصل",
				[SAY_AVOID_OFFERS] = "العروض",
				[SAY_AVOID_CHANNEL_SWITCH] = "تغيير القناة",
				[SAY_NOTHING_KNOWN] = "لا يُعرف شيء عن هذا العميل بعد.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_ZERO] = "لا تفاعلات",
						[PLURAL_ONE] = "تفاعل واحد",
						[PLURAL_TWO] = "تفاعلان",
						[PLURAL_FEW] = "{0} تفاعلات",
						[PLURAL_MANY] = "{0} تفاعلًا",
						[PLURAL_OTHER] = "{0} تفاعل",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_ZERO] = "لا محاولات",
						[PLURAL_ONE] = "محاولة واحدة",
						[PLURAL_TWO] = "محاولتان",
						[PLURAL_FEW] = "{0} محاولات",
						[PLURAL_MANY] = "{0} محاولة",
						[PLURAL_OTHER] = "{0} محاولة",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_TWO] = "مرتين",
						[PLURAL_FEW] = "{0} مرات",
						[PLURAL_MANY] = "{0} مرة",
						[PLURAL_OTHER] = "{0} مرة",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_ZERO] = "لا اتصالات من جانبنا",
						[PLURAL_ONE] = "اتصال واحد من جانبنا",
						[PLURAL_TWO] = "اتصالان من جانبنا",
						[PLURAL_FEW] = "{0} اتصالات من جانبنا",
						[PLURAL_MANY] = "{0} اتصالًا من جانبنا",
						[PLURAL_OTHER] = "{0} اتصال من جانبنا",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_ONE] = "خلال يوم واحد",
						[PLURAL_TWO] = "خلال يومين",
						[PLURAL_FEW] = "خلال {0} أيام",
						[PLURAL_MANY] = "خلال {0} يومًا",
						[PLURAL_OTHER] = "خلال {0} يوم",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "حوالي الساعة {0}",
					},
				[COUNT_MORE] =
					{
						[PLURAL_ONE] = "واحد غيرها",
						[PLURAL_TWO] = "اثنان غيرها",
						[PLURAL_OTHER] = "{0} غيرها",
					},
			},
	},
	/* Japanese */
	{
		.code = "ja",
		.script = "Jpan",
		.message =
			{
				[SAY_COLON] = "{0}：{1}",
				[SAY_SEPARATOR] = "、",
				[SAY_PARENTHESES] = "{0}（{1}）",
				[SAY_QUOTED] = "「{0}」",
				[SAY_BULLET] = "・",
				[SAY_RANGE] = "{0}～{1}",
				[SAY_CUSTOMER] = "お客様",
				[SAY_CUSTOMER_NUMBER] = "お客様番号 {0}",
				[SAY_FIRST_CONTACT] = "初回のやり取りは{0}",
				[SAY_SO_FAR] = "これまで",
				[SAY_VALUE] = "取引額 {0}",
				[SAY_LAST] = "最新のやり取り",
				[SAY_LAST_WHEN] = "最新のやり取り（{0}）",
				[SAY_INBOUND] = "お客様から",
				[SAY_OUTBOUND] = "当社から",
				[SAY_INTERNAL] = "社内",
				[SAY_AGENT] = "担当 {0}",
				[SAY_OUTCOME] = "結果 {0}",
				[SAY_THREAD] = "案件 {0}",
				[SAY_WAITING] = "回答待ち",
				[SAY_WAITING_OVER_TARGET] = "回答待ち（目標時間を超過）",
				[SAY_FIRST_ASKED] = "最初の問い合わせは{0}",
				[SAY_OPEN] = "対応中の案件",
				[SAY_ALSO_OPEN] = "ほかに対応中",
				[SAY_TOLD] = "すでに伺った内容",
				[SAY_MOOD] = "顧客感情",
				[SAY_UNHAPPY] = "不満",
				[SAY_NEUTRAL] = "普通",
				[SAY_HAPPY] = "満足",
				[SAY_FALLING] = "悪化傾向",
				[SAY_STEADY] = "横ばい",
				[SAY_RISING] = "改善傾向",
				[SAY_MOOD_LAST] = "直近 {0}",
				[SAY_SCORES] = "最近の評価",
				[SAY_FRICTION] = "お客様の負担",
				[SAY_FRICTION_SCORE] = "お客様の負担 {0}",
				[SAY_ASKED_AGAIN] = "再度の問い合わせ",
				[SAY_CHANNEL_SWITCHED] = "チャネルの変更",
				[SAY_TRANSFERRED] = "他部署への転送",
				[SAY_REOPENED] = "案件の再開",
				[SAY_WAITED_LONG] = "長すぎる待ち時間",
				[SAY_SELF_SERVICE_FAILED] = "セルフサービスの失敗",
				[SAY_ERROR_MET] = "エラーの発生",
				[SAY_GAVE_UP] = "待つのを断念",
				[SAY_TOLD_AGAIN] = "別の窓口での再説明",
				[SAY_PRESSURE] = "連絡の頻度",
				[SAY_PRESSURE_WITHIN] = "{1}{0}",
				[SAY_LIMIT] = "上限 {0} 回",
				[SAY_LIMIT_REACHED] = "上限 {0} 回に到達",
				[SAY_LIMIT_PASSED] = "上限 {0} 回を超過",
				[SAY_STAGE] = "段階",
				[SAY_PREFERS] = "ご希望",
				[SAY_AVOID] = "避けること",
				[SAY_AVOID_ASKING_AGAIN] = "同じ質問の繰り返し",
				[SAY_AVOID_TRANSFER] = "転送",
				[SAY_AVOID_ANOTHER_TOUCH] = "当社からの追加の連絡",
				[SAY_AVOID_OFFERS] = "営業案内",
				[SAY_AVOID_CHANNEL_SWITCH] = "チャネルの変更",
				[SAY_NOTHING_KNOWN] = "このお客様についてはまだ情報がありません。",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_OTHER] = "やり取り {0} 件",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_OTHER] = "問い合わせ {0} 回",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_OTHER] = "{0} 回",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_OTHER] = "当社から {0} 回",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_OTHER] = "{0} 日間に",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "{0} 時ごろ",
					},
				[COUNT_MORE] =
					{
						[PLURAL_OTHER] = "ほか {0} 件",
					},
			},
	},
	/* Turkish */
	{
		.code = "tr",
		.script = "Latn",
		.message =
			{
				[SAY_COLON] = "{0}: {1}",
				[SAY_SEPARATOR] = ", ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "“{0}”",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "Müşteri",
				[SAY_CUSTOMER_NUMBER] = "Müşteri {0}",
				[SAY_FIRST_CONTACT] = "İlk temas {0}",
				[SAY_SO_FAR] = "Şimdiye kadar",
				[SAY_VALUE] = "değer: {0}",
				[SAY_LAST] = "Son etkileşim",
				[SAY_LAST_WHEN] = "Son etkileşim {0}",
				[SAY_INBOUND] = "müşteriden",
				[SAY_OUTBOUND] = "bizden",
				[SAY_INTERNAL] = "kurum içi",
				[SAY_AGENT] = "ilgilenen: {0}",
				[SAY_OUTCOME] = "sonuç: {0}",
				[SAY_THREAD] = "kayıt: {0}",
				[SAY_WAITING] = "Yanıt bekliyor",
				[SAY_WAITING_OVER_TARGET] = "Yanıt bekliyor, hedef süre aşıldı",
				[SAY_FIRST_ASKED] = "ilk başvuru {0}",
				[SAY_OPEN] = "Açık kayıtlar",
				[SAY_ALSO_OPEN] = "Ayrıca açık",
				[SAY_TOLD] = "Daha önce bildirilenler",
				[SAY_MOOD] = "Ruh hâli",
				[SAY_UNHAPPY] = "kötü",
				[SAY_NEUTRAL] = "nötr",
				[SAY_HAPPY] = "iyi",
				[SAY_FALLING] = "kötüleşiyor",
				[SAY_STEADY] = "değişmiyor",
				[SAY_RISING] = "iyileşiyor",
				[SAY_MOOD_LAST] = "son değer {0}",
				[SAY_SCORES] = "Son puanlar",
				[SAY_FRICTION] = "Yaşanan zorluklar",
				[SAY_FRICTION_SCORE] = "Yaşanan zorluklar, puan {0}",
				[SAY_ASKED_AGAIN] = "yeniden sorma",
				[SAY_CHANNEL_SWITCHED] = "kanal değiştirme",
				[SAY_TRANSFERRED] = "başkasına aktarılma",
				[SAY_REOPENED] = "kaydın yeniden açılması",
				[SAY_WAITED_LONG] = "fazla uzun bekleme",
				[SAY_SELF_SERVICE_FAILED] = "başarısız self servis",
				[SAY_ERROR_MET] = "hatayla karşılaşma",
				[SAY_GAVE_UP] = "beklemekten vazgeçme",
				[SAY_TOLD_AGAIN] = "başka kanalda yeniden anlatma",
				[SAY_PRESSURE] = "İletişim yoğunluğu",
				[SAY_PRESSURE_WITHIN] = "{1} {0}",
				[SAY_LIMIT] = "sınır: {0}",
				[SAY_LIMIT_REACHED] = "sınıra ulaşıldı: {0}",
				[SAY_LIMIT_PASSED] = "sınır aşıldı: {0}",
				[SAY_STAGE] = "Aşama",
				[SAY_PREFERS] = "Tercihler",
				[SAY_AVOID] = "Kaçınılması gerekenler",
				[SAY_AVOID_ASKING_AGAIN] = "aynı şeyleri yeniden sormak",
				[SAY_AVOID_TRANSFER] = "başkasına aktarmak",
				[SAY_AVOID_ANOTHER_TOUCH] = "yeniden iletişime geçmek",
				[SAY_AVOID_OFFERS] = "teklif sunmak",
				[SAY_AVOID_CHANNEL_SWITCH] = "kanal değiştirmek",
				[SAY_NOTHING_KNOWN] = "Bu müşteri hakkında henüz bilgi yok.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_OTHER] = "{0} etkileşim",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_OTHER] = "{0} deneme",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_OTHER] = "{0} kez",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_OTHER] = "bizden {0} temas",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_OTHER] = "{0} günde",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "saat {0}.00 civarında",
					},
				[COUNT_MORE] =
					{
						[PLURAL_OTHER] = "{0} tane daha",
					},
			},
	},
	/* Polish */
	{
		.code = "pl",
		.script = "Latn",
		.message =
			{
				[SAY_COLON] = "{0}: {1}",
				[SAY_SEPARATOR] = ", ",
				[SAY_PARENTHESES] = "{0} ({1})",
				[SAY_QUOTED] = "„{0}”",
				[SAY_BULLET] = "- ",
				[SAY_RANGE] = "{0}–{1}",
				[SAY_CUSTOMER] = "Klient",
				[SAY_CUSTOMER_NUMBER] = "Klient {0}",
				[SAY_FIRST_CONTACT] = "Pierwszy kontakt {0}",
				[SAY_SO_FAR] = "Dotychczas",
				[SAY_VALUE] = "wartość: {0}",
				[SAY_LAST] = "Ostatnia interakcja",
				[SAY_LAST_WHEN] = "Ostatnia interakcja {0}",
				[SAY_INBOUND] = "od klienta",
				[SAY_OUTBOUND] = "od nas",
				[SAY_INTERNAL] = "wewnętrzna",
				[SAY_AGENT] = "obsługa: {0}",
				[SAY_OUTCOME] = "wynik: {0}",
				[SAY_THREAD] = "sprawa: {0}",
				[SAY_WAITING] = "Czeka na odpowiedź",
				[SAY_WAITING_OVER_TARGET] = "Czeka na odpowiedź, przekroczono czas docelowy",
				[SAY_FIRST_ASKED] = "pierwsze zgłoszenie {0}",
				[SAY_OPEN] = "Otwarte sprawy",
				[SAY_ALSO_OPEN] = "Ponadto otwarte",
				[SAY_TOLD] = "Już nam przekazano",
				[SAY_MOOD] = "Nastrój",
				[SAY_UNHAPPY] = "zły",
				[SAY_NEUTRAL] = "neutralny",
				[SAY_HAPPY] = "dobry",
				[SAY_FALLING] = "pogarsza się",
				[SAY_STEADY] = "bez zmian",
				[SAY_RISING] = "poprawia się",
				[SAY_MOOD_LAST] = "ostatnia wartość: {0}",
				[SAY_SCORES] = "Ostatnie oceny",
				[SAY_FRICTION] = "Utrudnienia",
				[SAY_FRICTION_SCORE] = "Utrudnienia, wskaźnik {0}",
				[SAY_ASKED_AGAIN] = "ponowne pytanie",
				[SAY_CHANNEL_SWITCHED] = "zmiana kanału",
				[SAY_TRANSFERRED] = "przekierowanie",
				[SAY_REOPENED] = "ponowne otwarcie",
				[SAY_WAITED_LONG] = "zbyt długie oczekiwanie",
				[SAY_SELF_SERVICE_FAILED] = "nieudana samoobsługa",
				[SAY_ERROR_MET] = "napotkany błąd",
				[SAY_GAVE_UP] = "rezygnacja z czekania",
				[SAY_TOLD_AGAIN] = "ponowne wyjaśnianie w innym kanale",
				[SAY_PRESSURE] = "Natężenie kontaktów",
				[SAY_PRESSURE_WITHIN] = "{0} {1}",
				[SAY_LIMIT] = "limit: {0}",
				[SAY_LIMIT_REACHED] = "osiągnięto limit: {0}",
				[SAY_LIMIT_PASSED] = "przekroczono limit: {0}",
				[SAY_STAGE] = "Etap",
				[SAY_PREFERS] = "Preferuje",
				[SAY_AVOID] = "Należy unikać",
				[SAY_AVOID_ASKING_AGAIN] = "ponownego pytania o to samo",
				[SAY_AVOID_TRANSFER] = "przekierowań",
				[SAY_AVOID_ANOTHER_TOUCH] = "kolejnych kontaktów z naszej strony",
				[SAY_AVOID_OFFERS] = "ofert",
				[SAY_AVOID_CHANNEL_SWITCH] = "zmiany kanału",
				[SAY_NOTHING_KNOWN] = "O tym kliencie jeszcze nic nie wiadomo.",
			},
		.counted =
			{
				[COUNT_INTERACTIONS] =
					{
						[PLURAL_ONE] = "{0} interakcja",
						[PLURAL_FEW] = "{0} interakcje",
						[PLURAL_MANY] = "{0} interakcji",
						[PLURAL_OTHER] = "{0} interakcji",
					},
				[COUNT_ATTEMPTS] =
					{
						[PLURAL_ONE] = "{0} próba",
						[PLURAL_FEW] = "{0} próby",
						[PLURAL_MANY] = "{0} prób",
						[PLURAL_OTHER] = "{0} próby",
					},
				[COUNT_TIMES] =
					{
						[PLURAL_ONE] = "{0} raz",
						[PLURAL_FEW] = "{0} razy",
						[PLURAL_MANY] = "{0} razy",
						[PLURAL_OTHER] = "{0} raza",
					},
				[COUNT_TOUCHES] =
					{
						[PLURAL_ONE] = "{0} kontakt z naszej strony",
						[PLURAL_FEW] = "{0} kontakty z naszej strony",
						[PLURAL_MANY] = "{0} kontaktów z naszej strony",
						[PLURAL_OTHER] = "{0} kontaktu z naszej strony",
					},
				[COUNT_DAYS] =
					{
						[PLURAL_ONE] = "w ciągu {0} dnia",
						[PLURAL_FEW] = "w ciągu {0} dni",
						[PLURAL_MANY] = "w ciągu {0} dni",
						[PLURAL_OTHER] = "w ciągu {0} dnia",
					},
				[COUNT_AT_HOUR] =
					{
						[PLURAL_OTHER] = "około {0}:00",
					},
				[COUNT_MORE] =
					{
						[PLURAL_OTHER] = "jeszcze {0}",
					},
			},
	},
};

const Language *
find_language(const char *code)
{
	for (Size i = 0; i < lengthof(languages); i++)
		if (strcmp(languages[i].code, code) == 0)
			return &languages[i];
	return NULL;
}
