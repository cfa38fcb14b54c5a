#include "html.h"

#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "page_css.h"
#include "page_hash.h"
#include "page_js.h"
#include "report_text.h"

#define HTML_TEXT_WIDTH 100

/* Escaped text: what page_safe has made visible, as HTML. */
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
			if ((unsigned char)*text >= ' ' || *text == '\n')
				putc(*text, file);
		}
}

/* What the page has of REPORT without its script: {"headline", "text"}, as it is printed. NULL: memory ran out. */
static json_t *
html_said(json_t *report, enum language language)
{
	json_t *failure = json_object_get(report, "failure"), *said = NULL;
	const char *headline = json_string_value(json_object_get(failure, "headline"));
	struct page text = { 0 }, words = { 0 };
	char *printed = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&printed, &size);

	language_set(language);
	report_text(&text, report, HTML_TEXT_WIDTH);
	page_words(&words, headline ? headline : json_is_object(failure) ? SAY("a failure without a headline") : SAY("nothing failed"));
	if (memory && page_print(&text, memory, false) && fclose(memory) == 0 && !words.failed)
		said = json_pack("{s:s, s:s}", "headline", page_string(&words), "text", printed);
	page_free(&text);
	page_free(&words);
	free(printed);
	return said;
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
html_write(FILE *file, json_t *const reports[2], json_t *log, json_t *memory, enum language language)
{
	json_t *both[2] = { html_said(reports[0], LANGUAGE_EN), html_said(reports[1], LANGUAGE_ZH) };
	json_t *data = both[0] && both[1] ? json_pack("{s:[O, O], s:[o, o], s:O?, s:O?}", "reports", reports[0], reports[1], "said", both[0], both[1], "log", log,
						    "memory", memory)
					  : NULL;
	const char *headline, *text;
	bool written;

	if (!data)
		return false;
	headline = json_string_value(json_object_get(both[language], "headline"));
	text = json_string_value(json_object_get(both[language], "text"));
	fprintf(file, "<!doctype html>\n<html lang=\"%s\">\n<head>\n<meta charset=\"utf-8\">\n", language_code(language));
	fputs("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src '" PAGE_JS_HASH "'; style-src '"
	      PAGE_CSS_HASH "'; base-uri 'none'; form-action 'none'\">\n", file);
	fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n<title>", file);
	html_text(file, headline);
	fputs(" - shapebox</title>\n<style>", file);
	fputs(page_css, file);
	fputs("</style>\n</head>\n<body>\n<header class=\"bar\"><span class=\"faint\">shapebox</span> "
	      "<button type=\"button\" id=\"language\" class=\"no-print\" hidden></button></header>\n<main id=\"main\">\n<h1 id=\"headline\">", file);
	html_text(file, headline);
	fputs("</h1>\n</main>\n<footer>\n<details id=\"text-box\" open><summary id=\"text-title\">The report as text</summary>\n<pre id=\"text\">", file);
	html_text(file, text);
	fputs("</pre></details>\n</footer>\n<script type=\"application/json\" id=\"data\">", file);
	written = json_dump_callback(data, html_json, file, JSON_COMPACT) == 0;
	fputs("</script>\n<script>", file);
	fputs(page_js, file);
	fputs("</script>\n</body>\n</html>\n", file);
	json_decref(data);
	return written && !ferror(file);
}
