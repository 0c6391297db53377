/* SPDX-License-Identifier: MIT */
/*
 * `reflashd status`, `phones`, `events` and `stop`: they ask the running daemon over its control
 * socket (src/daemon/control.c says what is spoken there) and show the answer; with --json as
 * it came.
 *
 * What can go wrong: nobody answers, or somebody else. A daemon says printable ASCII only; a line
 * with anything else in it, plain or as an escape of JSON, might be meant for root's terminal and
 * is not shown.
 */
#include "options.h"
#include "terminal.h"

#include "../daemon/console.h"
#include "reflashd/board.h"
#include "reflashd/daemon.h"
#include "reflashd/event.h"
#include "reflashd/text.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CONTROL, JSON, FOLLOW };

static const struct cli_option options[] = {
	[CONTROL] = {"control", 0, "PATH", "the socket of the daemon to ask"},
	[JSON] = {"json", 0, NULL, "the answer as JSON"},
	{NULL, 0, NULL, NULL},
};

static const struct cli_option event_options[] = {
	[CONTROL] = {"control", 0, "PATH", "the socket of the daemon to ask"},
	[JSON] = {"json", 0, NULL, "the lines as JSON"},
	[FOLLOW] = {"follow", 'f', NULL, "go on with what happens, until Ctrl-C"},
	{NULL, 0, NULL, NULL},
};

void more_ask(FILE *out)
{
	cli_options_usage(options, out);
	fputs("\nExit code: 0, or 6 when no daemon answers.\n", out);
}

void more_events(FILE *out)
{
	cli_options_usage(event_options, out);
	fputs("\nExit code: 0, or 6 when no daemon answers.\n", out);
}

/* ---- asking ---- */

struct asking {
	struct cli_args args;
	struct config config;
	FILE *answer;
};

static FILE *ask(const char *path, const char *question)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;
	size_t len = strlen(question);
	char text[300];

	if (fd < 0 || !text_copy(sa.sun_path, sizeof(sa.sun_path), path) ||
	    connect(fd, (struct sockaddr *)&sa, sizeof(sa)) != 0 ||
	    send(fd, question, len, MSG_NOSIGNAL) != (ssize_t)len) {
		err = errno;
		if (fd >= 0)
			close(fd);
		if (err == EACCES || err == EPERM)
			text_format(text, sizeof(text),
				    "you may not ask the daemon at %s. Try it "
				    "with sudo",
				    path);
		else if (err == ENOENT || err == ECONNREFUSED)
			text_format(text, sizeof(text),
				    "no reflashd is running here: nothing answers at %s", path);
		else
			text_format(text, sizeof(text), "cannot ask the daemon at %s: %s", path,
				    strerror(err));
		cli_complain(text);
		return NULL;
	}
	return fdopen(fd, "r");
}

static bool begin(struct asking *a, const char *command, const struct cli_option *table, int argc,
		  char *const argv[], int *exit_code)
{
	char *const none[] = {NULL};
	char question[32], complaint[200];
	struct fault f;

	if (!cli_options(&a->args, command, table, argc, argv, exit_code))
		return false;
	*exit_code = EXIT_CODE_USAGE;
	if (a->args.words) {
		text_format(complaint, sizeof(complaint), "%s takes no `%.60s'", command,
			    a->args.word[0]);
		cli_complain(complaint);
	} else if (a->args.value[CONTROL] &&
		   strlen(a->args.value[CONTROL]) >= sizeof(a->config.control)) {
		cli_complain("--control: no socket has such a long name");
	} else {
		/* Where the file of the service says that its socket is. */
		if (config_load(&a->config, 0, none, &f) != 0)
			config_defaults(&a->config);
		if (a->args.value[CONTROL])
			text_copy(a->config.control, sizeof(a->config.control),
				  a->args.value[CONTROL]);
		text_format(question, sizeof(question), "%s%s\n", command,
			    a->args.times[FOLLOW] ? " follow" : "");
		*exit_code = EXIT_CODE_SYSTEM;
		if (a->config.control[0])
			a->answer = ask(a->config.control, question);
		else
			cli_complain("the configuration gives the daemon no control socket "
				     "(control = none), so it cannot be asked");
		if (a->answer)
			return true;
	}
	cli_args_free(&a->args);
	return false;
}

static void end(struct asking *a)
{
	fclose(a->answer);
	cli_args_free(&a->args);
}

static bool is_shown(const char *line, size_t len)
{
	if (len && line[len - 1] == '\n')
		len--;
	for (size_t i = 0; i < len; i++) {
		if (line[i] < ' ' || line[i] > '~')
			return false;
		if (line[i] == '\\' && (++i == len || (line[i] != '\\' && line[i] != '"')))
			return false;
	}
	return true;
}

static void complain_of_stranger(void)
{
	cli_complain("what answers there is no reflashd: it says what none would, and that is not "
		     "shown");
}

/* The answer in one line, as JSON; NULL after a complaint. */
static json_t *read_answer(struct asking *a)
{
	json_t *value = NULL;
	char *line = NULL;
	const char *error;
	size_t size = 0;
	ssize_t len = getline(&line, &size, a->answer);

	if (len > 0 && !is_shown(line, (size_t)len)) {
		complain_of_stranger();
		free(line);
		return NULL;
	}
	if (len > 0)
		value = json_loadb(line, (size_t)len, 0, NULL);
	error = json_string_value(json_object_get(value, "error"));
	if (error) {
		cli_complain(error);
		json_decref(value);
		value = NULL;
	} else if (!value) {
		cli_complain("the daemon went away before it had answered");
	} else if (a->args.times[JSON]) {
		fputs(line, stdout);
	}
	free(line);
	return value;
}

/* ---- what people read ---- */

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* "2026-11-21T02:57:04.123Z" in local time: "02:57:04", with the date when it is another day. */
static const char *local_time(const char *utc, char out[32])
{
	struct tm tm = {0}, today;
	time_t then, now = time(NULL);

	if (!strptime(utc, "%Y-%m-%dT%H:%M:%S", &tm))
		return "?";
	then = timegm(&tm);
	localtime_r(&then, &tm);
	localtime_r(&now, &today);
	strftime(out, 32,
		 tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday ? "%H:%M:%S"
									    : "%Y-%m-%d %H:%M:%S",
		 &tm);
	return out;
}

static const char *signature_words(const char *signature)
{
	static const struct {
		const char *name, *words;
	} rows[] = {
		{"verified", "genuine"},
		{"unknown-signer", "signed with a key that is not known here"},
		{"bad", "with a signature that is wrong"},
		{"unsigned", "not signed"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, signature) == 0)
			return rows[i].words;
	return signature;
}

static void print_bundle(const json_t *b)
{
	const json_t *models = json_object_get(b, "models");
	const json_t *model;
	char line[800], names[400] = "";
	size_t i;

	json_array_foreach(models, i, model)
		text_format(names + strlen(names), sizeof(names) - strlen(names), " %s",
			    json_string_value(model));
	text_format(line, sizeof(line), "  %-24s%s, %lld files, %s, %s", text_of(b, "load"), names,
		    number_of(b, "files"),
		    json_is_true(json_object_get(b, "complete")) ? "complete" : "incomplete",
		    signature_words(text_of(b, "signature")));
	console_put(stdout, 27, line);
}

static void print_status(const json_t *s)
{
	const json_t *bundles = json_object_get(s, "bundles"), *b;
	long long phones = number_of(s, "phones"), recovered = number_of(s, "recovered");
	char since[32], notice[VIEW_LINE_MAX];
	long long not_shown = number_of(s, "not_shown");
	bool gone = json_is_true(json_object_get(s, "interface_gone"));
	bool failed = json_is_true(json_object_get(s, "interface_failed"));
	size_t i;

	printf("reflashd %s, since %s\n", text_of(s, "version"),
	       local_time(text_of(s, "since"), since));
	if (gone)
		printf("The interface %s is gone: plug its adapter in again. reflashd goes on by "
		       "itself then.\n",
		       text_of(s, "interface"));
	else if (failed)
		printf("The interface %s is there again, and cannot be used yet.\n",
		       text_of(s, "interface"));
	else if (json_is_true(json_object_get(s, "ready")))
		printf("Serves on %s, address %s.\n", text_of(s, "interface"),
		       text_of(s, "address"));
	else
		puts("Does not serve yet.");
	if (json_is_false(json_object_get(s, "link")) && !gone && !failed)
		puts("Nothing is connected: waiting for the cable, or for the phone to get power.");
	if (*text_of(s, "rival"))
		printf("Another DHCP server was heard on this wire: %s.\n", text_of(s, "rival"));
	if (*text_of(s, "notice")) {
		text_format(notice, sizeof(notice), "Last warning: %s", text_of(s, "notice"));
		console_put(stdout, 4, notice);
	}
	printf("%lld phone%s, %lld recovered.\n", phones, phones == 1 ? "" : "s", recovered);
	if (not_shown)
		printf("`phones' shows the %lld with the newest news, and not the %lld other%s.\n",
		       phones - not_shown, not_shown, not_shown == 1 ? "" : "s");
	if (json_array_size(bundles))
		puts("Firmware:");
	json_array_foreach(bundles, i, b) print_bundle(b);
}

static void print_progress(const json_t *p)
{
	long long size = number_of(p, "size"), files = number_of(p, "files");
	long long file = number_of(p, "done") < files ? number_of(p, "done") + 1 : files;

	if (size > 0 && strcmp(text_of(p, "stage"), "fetching") == 0)
		printf("  %lld %%, file %lld of %lld", number_of(p, "bytes") * 100 / size, file,
		       files);
	if (json_is_integer(json_object_get(p, "seconds_left")) &&
	    strcmp(text_of(p, "stage"), "fetching") == 0)
		printf(", %lld s left", number_of(p, "seconds_left"));
	if (*text_of(p, "proof"))
		printf("  proven by %s after %lld s", text_of(p, "proof"), number_of(p, "seconds"));
}

static void print_phones(const json_t *phones)
{
	const json_t *p;
	struct terminal t;
	size_t i;

	terminal_open(&t, stdout, COLOR_AUTO);
	if (!json_array_size(phones))
		puts("No phone was heard yet.");
	json_array_foreach(phones, i, p)
	{
		const char *advice = text_of(json_object_get(p, "advice"), "text");

		printf("%s  %-8s %-15s %-9s %s", text_of(p, "mac"), text_of(p, "model"),
		       text_of(p, "ip"), text_of(p, "stage"),
		       *text_of(p, "load") ? text_of(p, "load") : text_of(p, "software"));
		print_progress(p);
		putchar('\n');
		if (*advice) {
			fputs("    ", stdout);
			terminal_wrap(&t, 4, 4, STYLE_PLAIN, advice);
		}
	}
	if (json_array_size(phones) >= BOARD_PHONES_MAX)
		puts("These are the phones with the newest news; `status' tells how many others "
		     "there are.");
}

/* One line of the stream as `serve' shows it. */
static bool print_event(const char *line, size_t len)
{
	json_t *e = json_loadb(line, len, 0, NULL);
	char clock[32], shown[VIEW_LINE_MAX];
	const char *when;

	if (!e)
		return false;
	when = local_time(text_of(e, "time"), clock);
	text_format(shown, sizeof(shown), "%s  %s", when, text_of(e, "text"));
	console_put(stdout, strlen(when) + 2, shown);
	json_decref(e);
	return true;
}

/* ---- the commands ---- */

static int show(const char *command, void (*print)(const json_t *), int argc, char *const argv[])
{
	struct asking a;
	json_t *value;
	int exit_code;

	if (!begin(&a, command, options, argc, argv, &exit_code))
		return exit_code;
	value = read_answer(&a);
	if (value && !a.args.times[JSON])
		print(value);
	exit_code = value ? EXIT_CODE_DONE : EXIT_CODE_SYSTEM;
	json_decref(value);
	end(&a);
	return exit_code;
}

int cmd_status(int argc, char *const argv[])
{
	return show("status", print_status, argc, argv);
}

int cmd_phones(int argc, char *const argv[])
{
	return show("phones", print_phones, argc, argv);
}

int cmd_events(int argc, char *const argv[])
{
	struct asking a;
	char *line = NULL;
	size_t size = 0;
	int exit_code;
	ssize_t len;

	if (!begin(&a, "events", event_options, argc, argv, &exit_code))
		return exit_code;
	exit_code = EXIT_CODE_DONE;
	while ((len = getline(&line, &size, a.answer)) > 0) {
		if (!is_shown(line, (size_t)len)) {
			complain_of_stranger();
			exit_code = EXIT_CODE_SYSTEM;
			break;
		}
		if (a.args.times[JSON])
			fwrite(line, 1, (size_t)len, stdout);
		else if (!print_event(line, (size_t)len))
			exit_code = EXIT_CODE_SYSTEM;
		if (fflush(stdout) != 0)
			break;
	}
	free(line);
	end(&a);
	return exit_code;
}

/* Returns when the daemon has put everything in order and is gone. */
int cmd_stop(int argc, char *const argv[])
{
	struct asking a;
	json_t *value;
	int exit_code;

	if (!begin(&a, "stop", options, argc, argv, &exit_code))
		return exit_code;
	value = read_answer(&a);
	exit_code = value ? EXIT_CODE_DONE : EXIT_CODE_SYSTEM;
	while (value && getc(a.answer) != EOF)
		;
	if (value && !a.args.times[JSON])
		puts("reflashd has stopped.");
	json_decref(value);
	end(&a);
	return exit_code;
}
