import java.lang.reflect.Field;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.CommandLineInput;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * DynamoDB Local as its own main class runs it, with three differences: it listens on 127.0.0.1 only (no option says
 * so), on any free port, and it ends when its standard input does, so that it never outlives who started it.
 */
public final class LoopbackServer {
  private LoopbackServer() {}

  public static void main(String[] arguments) throws Exception {
    CommandLineInput options = new CommandLineInput(arguments);
    if (!options.init()) throw new IllegalArgumentException("Not DynamoDB Local's options: " + String.join(" ", arguments));
    DynamoDBProxyServer proxy = ServerRunner.createServer(options);
    Field server = DynamoDBProxyServer.class.getDeclaredField("server");
    server.setAccessible(true);
    ServerConnector connector = (ServerConnector) ((Server) server.get(proxy)).getConnectors()[0];
    connector.setHost("127.0.0.1");
    connector.setPort(0);
    proxy.start();
    System.out.println("listens on " + connector.getLocalPort());
    while (System.in.read() >= 0) continue;
    Runtime.getRuntime().halt(0);
  }
}
