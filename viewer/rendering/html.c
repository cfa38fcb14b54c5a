#include "html.h"

#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "page_css.h"
#include "page_hash.h"
#include "page_js.h"
#include "report_text.h"

#define HTML_TEXT_WIDTH 100

/* Escaped text: what page_safe has made visible, as HTML. Marks become nothing, but for what disagrees. */
static void
html_text(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&': fputs("&amp;", file); break;
		case '<': fputs("&lt;", file); break;
		case '>': fputs("&gt;", file); break;
		case '"': fputs("&quot;", file); break;
		default:
			if (*text == PAGE_ODD[0])
				fputs("&gt;", file);
			else if (*text == PAGE_ODD_END[0])
				fputs("&lt;", file);
			else if ((unsigned char)*text >= ' ' || *text == '\n')
				putc(*text, file);
		}
}

static void
html_untrusted(FILE *file, const char *text)
{
	struct page page = { 0 };

	page_words(&page, text);
	html_text(file, page_string(&page));
	page_free(&page);
}

/* JSON without `<`: nothing in it can end the element that it stands in. (`<` occurs in strings only.) */
static int
html_json(const char *buffer, size_t size, void *context)
{
	FILE *file = context;

	for (size_t i = 0; i < size; i++)
		if (buffer[i] == '<')
			fputs("\\u003c", file);
		else
			putc(buffer[i], file);
	return ferror(file) ? -1 : 0;
}

bool
html_write(FILE *file, json_t *report, json_t *log, const char *language)
{
	json_t *data = json_object(), *failure = json_object_get(report, "failure");
	const char *headline = json_string_value(json_object_get(failure, "headline"));
	struct page text = { 0 };
	bool written;

	if (!headline)
		headline = json_is_object(failure) ? "a failure without a headline" : "nothing failed";
	json_object_set(data, "report", report);
	json_object_set_new(data, "log", log ? json_incref(log) : json_null());
	report_text(&text, report, HTML_TEXT_WIDTH);
	fprintf(file, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", strcmp(language, "zh") == 0 ? "zh" : "en");
	fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '" PAGE_JS_HASH "'; style-src '"
	      PAGE_CSS_HASH "'; base-uri 'none'; form-action 'none'\">\n", file);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>", file);
	html_untrusted(file, headline);
	fputs(" - shapebox</title>\n<style>", file);
	fputs(page_css, file);
	fputs("</style>\n</head>\n<body>\n<header class=\"bar\"><span class=\"faint\">shapebox</span> "
	      "<button type=\"button\" id=\"language\" class=\"no-print\" hidden></button></header>\n<main id=\"main\">\n<h1 id=\"headline\">", file);
	html_untrusted(file, headline);
	fputs("</h1>\n</main>\n<footer>\n<details id=\"text-box\" open><summary id=\"text-title\">The report as text</summary>\n<pre id=\"text\">", file);
	html_text(file, page_string(&text));
	fputs("</pre></details>\n</footer>\n<script type=\"application/json\" id=\"data\">", file);
	written = !text.failed && data && json_dump_callback(data, html_json, file, JSON_COMPACT) == 0;
	fputs("</script>\n<script>", file);
	fputs(page_js, file);
	fputs("</script>\n</body>\n</html>\n", file);
	page_free(&text);
	json_decref(data);
	return written && !ferror(file);
}
