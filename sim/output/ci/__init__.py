"""What checks of scenario files tell: lines for people, JUnit XML for servers, annotations and a summary for GitHub."""
