/*
 * What a bundle is: an archive whose first file is BUNDLE_MANIFEST, with the report in each language, the environment as Markdown,
 * and the processes' databases. Names in it are as in a trace.
 */
#ifndef SHAPEBOX_VIEWER_COMMANDS_BUNDLE_H
#define SHAPEBOX_VIEWER_COMMANDS_BUNDLE_H

#define BUNDLE_FORMAT 1 /* raised when an older reader would misread it */
#define BUNDLE_MANIFEST "manifest.json"
#define BUNDLE_ENVIRONMENT "environment.md"
#define BUNDLE_RUN "run.json"
#define BUNDLE_REPORT "report.%s.json" /* a language's code */

#endif
