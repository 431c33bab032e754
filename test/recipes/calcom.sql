-- calcom.sql: tables of Cal.com's names and types, as few columns as its recipe reads, and rows with every trap.

CREATE TYPE public."BookingStatus" AS ENUM ('cancelled', 'accepted', 'rejected', 'pending', 'awaiting_host');
CREATE TABLE public."Booking" (id integer PRIMARY KEY, uid text NOT NULL UNIQUE, "userId" integer, title text, "startTime" timestamp(3),
	"endTime" timestamp(3), "createdAt" timestamp(3), status public."BookingStatus", "cancellationReason" text, "fromReschedule" text,
	rating integer, "ratingFeedback" text, "noShowHost" boolean, "cancelledBy" text, "rescheduledBy" text);
CREATE TABLE public."Attendee" (id integer PRIMARY KEY, email text, name text, "phoneNumber" text, "timeZone" text, locale text,
	"bookingId" integer REFERENCES public."Booking" ON DELETE CASCADE ON UPDATE CASCADE, "noShow" boolean);
CREATE INDEX ON public."Attendee" ("bookingId");

INSERT INTO public."Booking" VALUES
	(1, 'uid-1', 5, 'A demo', '2026-02-10 09:00', '2026-02-10 09:30', '2026-02-01 08:00', 'accepted', NULL, NULL, 5, 'well explained', false, NULL, NULL),
	(2, 'uid-2', 5, 'With three', '2026-02-11 09:00', '2026-02-11 10:00', '2026-02-01 08:00', 'accepted', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(3, 'uid-3', 5, 'To be moved', '2026-02-12 09:00', '2026-02-12 10:00', '2026-02-02 08:00', 'cancelled', 'I am ill', NULL, NULL, NULL, false, NULL, 'ANN@example.com'),
	(4, 'uid-4', 5, 'To be moved', '2026-02-13 09:00', '2026-02-13 10:00', '2026-02-03 08:00', 'cancelled', 'no more', 'uid-3', NULL, NULL, false, 'host@us.example', NULL),
	(5, 'uid-5', NULL, 'In the far future', '2126-02-14 09:00', '2126-02-14 10:00', '2026-02-04 08:00', 'accepted', NULL, NULL, NULL, NULL, false, NULL, NULL),
	(6, 'uid-6', 6, 'The host did not come', '2026-02-15 09:00', '2026-02-15 10:00', '2026-02-05 08:00', 'accepted', NULL, NULL, 1, NULL, true, NULL, NULL),
	(7, 'uid-7', 6, 'Refused', '2026-02-16 09:00', '2026-02-16 10:00', '2026-02-06 08:00', 'rejected', '', NULL, NULL, NULL, false, NULL, NULL),
	(8, 'uid-8', 6, 'Not yet', '2026-02-17 09:00', '2026-02-17 10:00', '2026-02-07 08:00', 'pending', NULL, NULL, NULL, NULL, false, NULL, NULL),
	(9, 'uid-9', 6, 'Waiting', '2026-02-18 09:00', '2026-02-18 10:00', '2026-02-08 08:00', 'awaiting_host', NULL, NULL, NULL, NULL, false, NULL, NULL),
	(10, 'uid-10', 6, 'Nobody comes', '2026-02-19 09:00', '2026-02-19 10:00', '2026-02-09 08:00', 'accepted', NULL, NULL, NULL, NULL, false, NULL, NULL),
	(11, 'uid-11', 6, NULL, 'infinity', 'infinity', '2026-02-09 08:00', 'accepted', NULL, NULL, NULL, NULL, false, NULL, NULL),
	(12, 'uid-12', 6, 'No status', '2026-02-19 09:00', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(13, 'uid-13', 6, 'At one time with the first', '2026-02-10 09:00', '2026-02-10 09:30', '2026-02-10 09:00', 'accepted', NULL, 'uid-4', NULL, NULL, false, NULL, NULL);
INSERT INTO public."Attendee" VALUES
	(1, 'ann@example.com', 'Ann', '+49 30 23125042', 'Europe/Berlin', 'de', 1, false),
	(2, 'Ann@Example.com', 'Ann', NULL, 'Europe/Berlin', 'de', 2, false),
	(3, 'bob@example.com', 'Bob', NULL, 'Europe/London', 'en', 2, true),
	(4, 'ann.private@example.org', 'Ann, her other address', '+493023125042', NULL, NULL, 2, NULL),
	(5, 'ann@example.com', 'Ann', NULL, 'Europe/Berlin', 'de', 3, NULL),
	(6, 'ann@example.com', 'Ann', NULL, 'Europe/Berlin', 'de', 4, NULL),
	(7, 'bob@example.com', 'Bob', NULL, NULL, NULL, 5, NULL),
	(8, 'cleo@example.com', repeat('C', 3000), 'none', NULL, NULL, 6, true),
	(9, 'cleo@example.com', 'Cleo', NULL, NULL, NULL, 7, NULL),
	(10, 'cleo@example.com', 'Cleo', NULL, NULL, NULL, 8, NULL),
	(11, '+4915112345678@sms.cal', 'by text message', '+49 151 12345678', NULL, NULL, 9, NULL),
	(12, 'no address', 'only a number', '+49 151 12345678', NULL, NULL, 11, NULL),
	(13, 'no address', 'not even that', NULL, NULL, NULL, 11, NULL),
	(14, NULL, NULL, NULL, NULL, NULL, 2, NULL),
	(15, 'dan@example.com', 'of no booking', NULL, NULL, NULL, NULL, NULL),
	(16, 'dan@example.com', 'Dan', NULL, NULL, NULL, 12, NULL),
	(17, 'ann@example.com', 'Ann', NULL, NULL, NULL, 13, NULL),
	(18, 'ann@example.com', 'Ann, named twice in one booking', NULL, NULL, NULL, 13, NULL);
